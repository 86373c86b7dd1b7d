import { figure, rate, type Figure } from '../load/figures';
import type { BenchUser } from '../load/user';
import { scaled, type Bench } from './scenario';

const RUNS = 5;

/** Sends per second: one client in one room, 16 clients in 16 rooms, 16 clients in one room. */
export async function sending(bench: Bench): Promise<Figure[]> {
  const users = bench.users.slice(0, 16);
  const own = await Promise.all(users.map((user) => user.createRoom({ preset: 'private_chat' })));
  const shared = await sharedRoom(users);
  const alone = users[0]!;
  // Warms both sides, so that the first run is not about compiling.
  await rate(scaled(bench, 300), 16, (lane, i) => users[lane]!.send(own[lane]!, `warm ${i}`));
  const runs = { sequential: [] as number[], rooms: [] as number[], room: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    runs.sequential.push(await rate(scaled(bench, 200), 1, (_, i) => alone.send(own[0]!, `one ${i}`)));
    runs.rooms.push(await rate(scaled(bench, 1_600), 16, (lane, i) => users[lane]!.send(own[lane]!, `own ${i}`)));
    runs.room.push(await rate(scaled(bench, 800), 16, (lane, i) => users[lane]!.send(shared, `shared ${i}`)));
  }
  return [
    figure('send: 1 client, 1 room, one after another', 'events/s', 'more', runs.sequential),
    figure('send: 16 clients, 16 rooms', 'events/s', 'more', runs.rooms),
    figure('send: 16 clients, 1 room', 'events/s', 'more', runs.room),
  ];
}

/** A public room that all of `users` have joined. */
export async function sharedRoom(users: readonly BenchUser[]): Promise<string> {
  const room = await users[0]!.createRoom({ preset: 'public_chat' });
  for (const user of users.slice(1)) await user.join(room);
  return room;
}
