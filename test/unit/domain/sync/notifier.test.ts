import { Notifier } from '../../../../src/domain/sync/notifier.service';

const ALICE = '@alice:x';

test('news that comes between looking and sleeping is not lost', async () => {
  const notifier = new Notifier(10);
  const waiter = notifier.add(ALICE, 1);
  notifier.wake(ALICE);
  expect(await waiter.sleep()).toBe('news');
});

test('news wakes every waiting request of the user and nobody else', async () => {
  const notifier = new Notifier(10);
  const woken: string[] = [];
  const sleepers = [notifier.add(ALICE, 1), notifier.add(ALICE, 2), notifier.add('@bob:x', 3)].map(async (waiter) => {
    await waiter.sleep();
    woken.push(`${waiter.userId} ${waiter.tokenId}`);
  });
  notifier.wakeAll(new Set([ALICE, '@carol:x']));
  await Promise.all(sleepers.slice(0, 2));
  expect(woken).toEqual(['@alice:x 1', '@alice:x 2']);
});

test('who went back to sleep waits for the next news', async () => {
  const notifier = new Notifier(10);
  const waiter = notifier.add(ALICE, 1);
  notifier.wake(ALICE);
  await waiter.sleep();
  let awake = false;
  const second = waiter.sleep().then(() => (awake = true));
  await new Promise((next) => setImmediate(next));
  expect(awake).toBe(false);
  notifier.wake(ALICE);
  await second;
});

test('a request that is over hears no news any more', async () => {
  const notifier = new Notifier(10);
  const waiter = notifier.add(ALICE, 1);
  waiter.signal('timeout');
  notifier.wake(ALICE);
  expect(await waiter.sleep()).toBe('timeout');
});

test('a revoked session ends its own requests only', async () => {
  const notifier = new Notifier(10);
  const [revoked, other] = [notifier.add(ALICE, 1), notifier.add(ALICE, 2)];
  notifier.revoke(ALICE, [1]);
  expect(await revoked.sleep()).toBe('revoked');
  expect(revoked.revoked).toBe(true);
  notifier.wake(ALICE);
  expect(await other.sleep()).toBe('news');
});

test('a revocation counts for a request that is just ending', () => {
  const notifier = new Notifier(10);
  const waiter = notifier.add(ALICE, 1);
  waiter.signal('timeout');
  notifier.revoke(ALICE, [1]);
  expect(waiter.revoked).toBe(true);
});

test('stopping ends those who wait and those who come later', async () => {
  const notifier = new Notifier(10);
  const early = notifier.add(ALICE, 1);
  const sleeping = early.sleep();
  notifier.stop();
  expect(await sleeping).toBe('gone');
  expect(await notifier.add(ALICE, 2).sleep()).toBe('gone');
});

test('of too many requests of one user the oldest is answered', async () => {
  const notifier = new Notifier(2);
  const oldest = notifier.add(ALICE, 1);
  notifier.add(ALICE, 2);
  notifier.add(ALICE, 3);
  expect(await oldest.sleep()).toBe('timeout');
});

test('keeps nothing of users who wait no longer', () => {
  const notifier = new Notifier(2);
  const waiters = [notifier.add(ALICE, 1), notifier.add(ALICE, 2)];
  waiters.forEach((waiter) => notifier.remove(waiter));
  expect(notifier.users.size).toBe(0);
});

test('wakes a crowd in turns, so that others get to run in between', async () => {
  const notifier = new Notifier(10);
  const users = Array.from({ length: 100 }, (_, index) => `@user${index}:x`);
  let awake = 0;
  const sleepers = users.map((user, index) =>
    notifier
      .add(user, index)
      .sleep()
      .then(() => awake++),
  );
  notifier.wakeAll(new Set(users));
  await new Promise((next) => setImmediate(next));
  expect(awake).toBeGreaterThan(0);
  expect(awake).toBeLessThan(100);
  await Promise.all(sleepers);
  expect(awake).toBe(100);
});
