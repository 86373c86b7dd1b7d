import { EduBuffer, type MissedReceipt } from '../../../../src/domain/federation-sender/edu-buffer.model';

describe('EDUs that wait for a server', () => {
  let missed: MissedReceipt[];
  let buffer: EduBuffer;
  beforeEach(() => {
    missed = [];
    buffer = new EduBuffer((receipt) => missed.push(receipt));
  });

  const add = (subject: string, n: number, receipt?: MissedReceipt) =>
    buffer.add({ subject, make: () => ({ edu_type: 'm.test', content: { n } }), ...(receipt && { receipt }) });
  const take = (limit = 1_000) => buffer.take(limit).edus.map((one) => (one['content'] as { n: number }).n);

  it('are one of each subject, the newest', () => {
    add('typing', 1);
    add('receipt', 2);
    add('typing', 3);
    expect(take()).toEqual([2, 3]);
    expect(buffer.isEmpty).toBe(true);
  });

  it('are so many and no more: the oldest are dropped', () => {
    for (let i = 0; i < 600; i++) add(`subject ${i}`, i);
    expect(take(100)).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
    expect(take()).toHaveLength(400);
    expect(missed).toEqual([]);
  });

  it('are missed, once they are dropped, if they are receipts', () => {
    const receipt = (roomNid: number) => ({ roomNid, since: 1 });
    add('receipt', 1, receipt(1));
    for (let i = 0; i < 500; i++) add(`subject ${i}`, i);
    expect(missed).toEqual([receipt(1)]);
    add('another', 2, receipt(2));
    add('the last', 3, receipt(3));
    expect(buffer.take(499).receipts).toEqual([receipt(2)]);
    buffer.clear();
    expect(missed).toEqual([receipt(1), receipt(3)]);
  });
});
