import { EduBuffer } from '../../../../src/domain/federation-sender/edu-buffer.model';

const edu = (n: number) => () => ({ edu_type: 'm.test', content: { n } });
const numbers = (buffer: EduBuffer, limit = 1_000) =>
  buffer.take(limit).map((one) => (one['content'] as { n: number }).n);

describe('EDUs that wait for a server', () => {
  it('are one of each subject, the newest', () => {
    const buffer = new EduBuffer();
    buffer.add('typing', edu(1));
    buffer.add('receipt', edu(2));
    buffer.add('typing', edu(3));
    expect(numbers(buffer)).toEqual([2, 3]);
    expect(buffer.isEmpty).toBe(true);
  });

  it('are so many and no more: the oldest are dropped', () => {
    const buffer = new EduBuffer();
    for (let i = 0; i < 600; i++) buffer.add(`subject ${i}`, edu(i));
    expect(numbers(buffer, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
    expect(numbers(buffer)).toHaveLength(400);
  });
});
