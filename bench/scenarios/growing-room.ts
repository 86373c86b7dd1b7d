import { figure, median, rate, timed, type Figure } from '../load/figures';
import { sharedRoom } from './send';
import { scaled, type Bench } from './scenario';

/** The cost of a send as one room grows: the rate over the last 1,000 of 20,000 events against the first 1,000. */
export async function growingHistory(bench: Bench): Promise<Figure[]> {
  const users = bench.users.slice(0, 16);
  const room = await sharedRoom(users);
  const window = scaled(bench, 1_000, 50);
  const windows = 20;
  const rates: number[] = [];
  for (let w = 0; w < windows; w++)
    rates.push(await rate(window, 16, (lane, i) => users[lane]!.send(room, `${w} ${i}`)));
  const first = median(rates.slice(0, 3));
  const last = median(rates.slice(-3));
  return [
    figure(`send: cost at event ${windows * window} against the first ${3 * window}`, 'times', 'less', [first / last]),
  ];
}

/** Joins one after another into a room that grows by them, and how the last compare with the first. */
export async function joining(bench: Bench): Promise<Figure[]> {
  const users = bench.users;
  const room = await users[0]!.createRoom({ preset: 'public_chat' });
  const times: number[] = [];
  for (const user of users.slice(1)) times.push(await timed(() => user.join(room)));
  const part = Math.max(5, Math.floor(times.length / 5));
  const early = median(times.slice(0, part));
  const late = median(times.slice(-part));
  return [
    figure('join: into a growing room', 'joins/s', 'more', [1_000 / median(times)]),
    figure(`join: cost of the last ${part} against the first ${part}`, 'times', 'less', [late / early]),
  ];
}
