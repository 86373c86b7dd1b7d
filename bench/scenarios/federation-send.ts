import { setTimeout as sleep } from 'node:timers/promises';
import { figure, median, rate, timed, type Figure } from '../load/figures';
import { PeerRoom } from '../peers/peer-room';
import type { Peers } from '../peers/peers';
import { scaled, until, withPeers, type Bench } from './scenario';

const RUNS = 3;
/** Messages under way at the same time. */
const LANES = 8;

/** Messages of a local user in rooms that 1 and 100 other servers are in: deliveries a second, and when the last has it. */
export async function sendingOut(bench: Bench): Promise<Figure[]> {
  const one = await withPeers(bench, 1, (peers) => sendTo(bench, peers, scaled(bench, 1_000, 50)));
  const many = await withPeers(bench, 100, (peers) => sendTo(bench, peers, scaled(bench, 100, 10)));
  return [...one, ...many];
}

async function sendTo(bench: Bench, peers: Peers, messages: number): Promise<Figure[]> {
  const sender = bench.users[0]!;
  const destinations = peers.all.length;
  const room = new PeerRoom(peers.all[0]!).fill(peers.all, destinations);
  const arrivals = new Arrivals(peers);
  peers.serve(room);
  await sender.join(room.roomId, room.owner.serverName);
  // The owner and the sender are there too.
  await until('the members', async () => (await sender.memberCount(room.roomId)) === destinations + 2);
  const send = async (body: string) => void (await sender.send(room.roomId, body));
  await arrivals.of('warm', destinations, () => rate(messages, LANES, (_, i) => send(`warm ${i}`)), messages);

  const rates: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const work = () => rate(messages, LANES, (_, i) => send(`run${run} ${i}`));
    rates.push((messages * destinations * 1_000) / (await arrivals.of(`run${run}`, destinations, work, messages)));
  }
  const delays: number[] = [];
  for (let i = 0; i < scaled(bench, 40, 10); i++) {
    delays.push(await arrivals.of(`alone${i}`, destinations, () => send(`alone${i} 0`), 1));
    await sleep(50);
  }
  const name = `${destinations} destination${destinations === 1 ? '' : 's'}`;
  return [
    figure(`federation: PDUs sent to ${name}`, 'PDUs/s', 'more', rates),
    figure(`federation: send to the last of ${name}`, 'ms', 'less', [median(delays)]),
  ];
}

/** Counts what has come where, each message once at each server: a transaction may be sent again. */
class Arrivals {
  private readonly seen = new Map<string, Set<string>>();

  constructor(peers: Peers) {
    peers.onEvent((peer, pdu) => {
      const body = (pdu['content'] as { body?: string }).body;
      if (body !== undefined) this.batch(body.slice(0, body.indexOf(' '))).add(`${peer.serverName} ${body}`);
    });
  }

  /** Milliseconds from the start of `work` until all messages of a batch are everywhere. */
  of(name: string, destinations: number, work: () => Promise<unknown>, messages: number): Promise<number> {
    const batch = this.batch(name);
    return timed(async () => {
      await work();
      await until(`arrival of ${name}`, () => batch.size === messages * destinations, 1);
    });
  }

  private batch(name: string): Set<string> {
    const batch = this.seen.get(name) ?? new Set();
    this.seen.set(name, batch);
    return batch;
  }
}
