import { randomUUID } from 'node:crypto';
import type { SignedEvent } from '#protocol/events/index';
import { figure, timed, type Figure } from '../load/figures';
import type { PreparedRequest } from '../peers/peer';
import { PeerRoom } from '../peers/peer-room';
import type { Peers } from '../peers/peers';
import { scaled, until, withPeers, type Bench } from './scenario';

const RUNS = 3;
/** As many as a transaction may hold. */
const PER_TRANSACTION = 50;

/** Messages that come by transactions: how many a second are there to be read, in one room and in 16 of 16 servers. */
export const receiving = (bench: Bench): Promise<Figure[]> =>
  withPeers(bench, 16, async (peers) => [
    figure('federation: PDUs received, 1 room', 'PDUs/s', 'more', await received(bench, peers, 1, 1_000)),
    figure(
      'federation: PDUs received, 16 rooms of 16 servers',
      'PDUs/s',
      'more',
      await received(bench, peers, 16, 100),
    ),
  ]);

/** One run's part of one room. */
interface Load {
  readonly room: PeerRoom;
  readonly transactions: readonly PreparedRequest[];
  readonly last: SignedEvent;
}

async function received(bench: Bench, peers: Peers, rooms: number, perRoom: number): Promise<number[]> {
  const reader = bench.users[0]!;
  const known = peers.all.slice(0, rooms).map((peer) => new PeerRoom(peer));
  for (const room of known) {
    peers.serve(room);
    await reader.join(room.roomId, room.owner.serverName);
  }
  const count = scaled(bench, perRoom, 10);
  const runs: number[] = [];
  // The first run warms both sides and does not count.
  for (let run = 0; run <= RUNS; run++) {
    const loads = known.map((room) => prepare(room, bench.server.serverName, count, run));
    const ms = await timed(async () => {
      await Promise.all(loads.map((load) => put(load, bench.server.serverName)));
      for (const { room, last } of loads) await until('reading it', () => reader.sees(room.roomId, last.eventId));
    });
    if (run > 0) runs.push((count * rooms * 1_000) / ms);
  }
  for (const { roomId } of known) {
    const found = await reader.messageCount(roomId);
    if (found !== count * (RUNS + 1)) throw new Error(`${found} of ${count * (RUNS + 1)} messages are there`);
  }
  return runs;
}

function prepare(room: PeerRoom, destination: string, count: number, run: number): Load {
  const events = Array.from({ length: count }, (_, i) => room.message(`message ${run}.${i}`));
  const transactions: PreparedRequest[] = [];
  for (let from = 0; from < count; from += PER_TRANSACTION) {
    const pdus = events.slice(from, from + PER_TRANSACTION).map((event) => event.pdu);
    const body = { origin: room.owner.serverName, origin_server_ts: Date.now(), pdus };
    const path = `/_matrix/federation/v1/send/${randomUUID()}`;
    transactions.push(room.owner.prepare(destination, 'PUT', path, body));
  }
  return { room, transactions, last: events.at(-1)! };
}

/** One transaction after another, as the specification has a server send them. */
async function put({ room, transactions }: Load, destination: string): Promise<void> {
  for (const transaction of transactions) {
    const answer = JSON.parse((await room.owner.ask(destination, transaction)).toString('utf8')) as {
      pdus: Record<string, { error?: string }>;
    };
    const refused = Object.values(answer.pdus).find(({ error }) => error !== undefined);
    if (refused !== undefined) throw new Error(`a PDU was refused: ${refused.error}`);
  }
}
