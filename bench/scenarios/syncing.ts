import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { figure, quantile, rate, timed, type Figure } from '../load/figures';
import type { BenchUser } from '../load/user';
import { sharedRoom } from './send';
import { scaled, type Bench } from './scenario';

/** Time from the start of a send to its arrival at each of 100 users who long-poll, at 5 messages a second. */
export async function sendToSync(bench: Bench): Promise<Figure[]> {
  const users = bench.users.slice(0, 100);
  const room = await sharedRoom(users);
  const messages = scaled(bench, 100, 10);
  const arrivals = new Arrivals();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const readers = users.map((user) => follow(user, room, stop.signal, (body) => arrivals.heard(body)));
  await Promise.all(readers.map((reader) => reader.ready));
  // One message that does not count: everybody has synced and waits when it has arrived everywhere.
  await arrivals.send(users[0]!, room, 'warm-up');
  await arrivals.until(users.length);
  arrivals.delays.length = 0;
  for (let i = 0; i < messages; i++) {
    await Promise.all([arrivals.send(users[i % users.length]!, room, `tick ${i}`), sleep(200)]);
  }
  await arrivals.until(messages * users.length);
  stop.abort();
  await Promise.allSettled(readers.map((reader) => reader.done));
  return [
    figure('send to sync, 100 users: median', 'ms', 'less', [quantile(arrivals.delays, 0.5)]),
    figure('send to sync, 100 users: p99', 'ms', 'less', [quantile(arrivals.delays, 0.99)]),
  ];
}

/** When messages were sent, and how long each took to each reader. */
class Arrivals {
  readonly delays: number[] = [];
  private readonly sentAt = new Map<string, number>();

  async send(user: BenchUser, room: string, body: string): Promise<void> {
    this.sentAt.set(body, performance.now());
    await user.send(room, body);
  }

  heard(body: string): void {
    const start = this.sentAt.get(body);
    if (start !== undefined) this.delays.push(performance.now() - start);
  }

  /** Waits for so many arrivals. @throws when they do not come */
  async until(count: number): Promise<void> {
    for (let waited = 0; this.delays.length < count && waited < 60_000; waited += 20) await sleep(20);
    if (this.delays.length < count) throw new Error(`${count - this.delays.length} messages never arrived`);
  }
}

/** Long-polls until `signal`; `ready` settles after the first sync. */
function follow(user: BenchUser, room: string, signal: AbortSignal, heard: (body: string) => void) {
  const ready = user.sync();
  const poll = async () => {
    let since = (await ready).next_batch;
    while (!signal.aborted) {
      const answer = await user.sync(since, 30_000, signal);
      since = answer.next_batch;
      for (const event of answer.rooms?.join?.[room]?.timeline?.events ?? []) heard(String(event.content['body']));
    }
  };
  const done = poll();
  done.catch(() => undefined);
  return { ready, done };
}

/** Syncs per second that each bring one new event of a shared room to a user. */
export async function incrementalSync(bench: Bench): Promise<Figure[]> {
  const users = bench.users.slice(0, 16);
  const room = await sharedRoom(users);
  const tokens = await Promise.all(users.map(async (user) => (await user.sync()).next_batch));
  const runs: number[] = [];
  const rounds = scaled(bench, 60, 3);
  // The first run warms both sides and does not count.
  for (let run = 0; run <= 5; run++) {
    let busy = 0;
    for (let i = 0; i < rounds; i++) {
      await users[0]!.send(room, `round ${i}`);
      busy += await timed(() => rateOfOne(users, tokens));
    }
    if (run > 0) runs.push((rounds * users.length * 1_000) / busy);
  }
  return [figure('sync: incremental, one new event', 'syncs/s', 'more', runs)];
}

const rateOfOne = (users: readonly BenchUser[], tokens: string[]) =>
  Promise.all(users.map(async (user, i) => (tokens[i] = (await user.sync(tokens[i])).next_batch)));

/** First sync of an account in 200 rooms. */
export async function initialSync(bench: Bench): Promise<Figure[]> {
  const [owner, reader] = bench.users as [BenchUser, BenchUser];
  const rooms = scaled(bench, 200, 10);
  await rate(rooms, 4, async (_, i) => {
    const room = await owner.createRoom({ preset: 'public_chat', name: `room ${i}` });
    await reader.join(room);
    for (let n = 0; n < 12; n++) await owner.send(room, `message ${n}`);
  });
  const runs: number[] = [];
  // A filter that differs each time: neither server may answer from a cache of whole answers.
  for (let run = 0; run < 5; run++) {
    const filter = encodeURIComponent(
      JSON.stringify({ room: { timeline: { limit: 10 } }, presence: { not_senders: [`@${run}:x`] } }),
    );
    runs.push(
      await timed(() => reader.http.ok('GET', `/_matrix/client/v3/sync?timeout=0&filter=${filter}`, reader.token)),
    );
  }
  return [figure(`sync: initial, ${rooms} rooms`, 'ms', 'less', runs)];
}

/** Memory that 1,000 waiting syncs add. */
export async function idleSyncs(bench: Bench): Promise<Figure[]> {
  const users = bench.users.slice(0, 100);
  const tokens = await Promise.all(users.map(async (user) => (await user.sync()).next_batch));
  const before = bench.server.memoryMiB();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const total = scaled(bench, 1_000, 100);
  const waiting = Array.from({ length: total }, (_, i) =>
    users[i % users.length]!.sync(tokens[i % users.length], 60_000, stop.signal),
  );
  const settled = Promise.allSettled(waiting);
  await sleep(5_000);
  const after = bench.server.memoryMiB();
  stop.abort();
  await settled;
  return [
    figure('memory: at rest', 'MiB', 'less', [before]),
    figure(`memory: with ${total} idle syncs`, 'MiB', 'less', [after]),
  ];
}
