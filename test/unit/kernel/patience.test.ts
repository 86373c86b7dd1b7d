import { endsWithin } from '../../../src/kernel/patience';

const never = new Promise<never>(() => undefined);

describe('work that is waited for with patience', () => {
  it('ended in time, or did not', async () => {
    expect(await endsWithin(Promise.resolve('whatever'), 60_000)).toBe(true);
    expect(await endsWithin(never, 1)).toBe(false);
  });

  it('fails whoever waits, and nobody afterwards', async () => {
    await expect(endsWithin(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<void>((_, reject) => (fail = reject));
    expect(await endsWithin(late, 1)).toBe(false);
    fail(new Error('too late to matter'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
