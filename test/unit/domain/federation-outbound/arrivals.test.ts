import { Arrivals } from '../../../../src/domain/federation-outbound/arrivals.model';

const ROOM = '!r:a.org';

/** Work that ends when it is told to. */
function openWork() {
  let end: () => void = () => undefined;
  let fail: () => void = () => undefined;
  const work = new Promise<string>((resolve, reject) => {
    end = () => resolve('here');
    fail = () => reject(new Error('no way in'));
  });
  return { run: () => work, end, fail };
}

describe('a room that a user of ours is entering', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const arrivals = new Arrivals();
  /** Whether those who wait for the room go on. */
  const isSettled = async (roomId = ROOM): Promise<boolean> => {
    let done = false;
    void arrivals.settled(roomId).then(() => (done = true));
    await jest.advanceTimersByTimeAsync(0);
    return done;
  };

  it('is waited for until it is here', async () => {
    const work = openWork();
    const entered = arrivals.run(ROOM, work.run);
    expect(await isSettled()).toBe(false);
    expect(await isSettled('!other:a.org')).toBe(true);
    work.end();
    expect(await entered).toBe('here');
    expect(await isSettled()).toBe(true);
  });

  it('is waited for until nobody is entering it any more', async () => {
    const [first, second] = [openWork(), openWork()];
    const entered = [first, second].map((work) => arrivals.run(ROOM, work.run));
    const outcomes = Promise.allSettled(entered);
    first.fail();
    expect(await isSettled()).toBe(false);
    second.fail();
    expect(await isSettled()).toBe(true);
    expect(await outcomes).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  });

  it('is here when one of several has entered', async () => {
    const [first, second] = [openWork(), openWork()];
    const entered = [first, second].map((work) => arrivals.run(ROOM, work.run));
    const waiting = arrivals.settled(ROOM);
    second.end();
    await waiting;
    await entered[1];
    expect(await isSettled()).toBe(true);
    first.end();
    await entered[0];
  });

  it('is waited for twenty seconds at most, from when its join was sent, and may come later', async () => {
    const work = openWork();
    const entered = arrivals.run(ROOM, work.run);
    await jest.advanceTimersByTimeAsync(19_999);
    expect(await isSettled()).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await isSettled()).toBe(true);
    work.end();
    expect(await entered).toBe('here');
  });
});
