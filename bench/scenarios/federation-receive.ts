import { randomUUID } from 'node:crypto';
import type { SignedEvent } from '#protocol/events/index';
import { figure, timed, type Figure } from '../load/figures';
import type { BenchUser } from '../load/user';
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
      await received(bench, peers, 16, PER_TRANSACTION),
    ),
  ]);

/** One run's part of one room. */
interface Load {
  readonly room: PeerRoom;
  readonly parts: readonly Part[];
}

interface Part {
  readonly transaction: PreparedRequest;
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
      await Promise.all(loads.map((load) => put(load, bench.server.serverName, reader)));
      for (const { room, parts } of loads) await untilRead(room, parts.at(-1)!, reader);
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
  const parts: Part[] = [];
  for (let from = 0; from < count; from += PER_TRANSACTION) {
    const some = events.slice(from, from + PER_TRANSACTION);
    const body = { origin: room.owner.serverName, origin_server_ts: Date.now(), pdus: some.map(({ pdu }) => pdu) };
    const path = `/_matrix/federation/v1/send/${randomUUID()}`;
    parts.push({ transaction: room.owner.prepare(destination, 'PUT', path, body), last: some.at(-1)! });
  }
  return { room, parts };
}

/**
 * One transaction after another, as the specification has a server send them, and none before the last one can be read:
 * Synapse drops events of rooms in which a hundred wait.
 */
async function put({ room, parts }: Load, destination: string, reader: BenchUser): Promise<void> {
  for (const [index, { transaction }] of parts.entries()) {
    if (index > 0) await untilRead(room, parts[index - 1]!, reader);
    const answer = JSON.parse((await room.owner.ask(destination, transaction)).toString('utf8')) as {
      pdus: Record<string, { error?: string }>;
    };
    const refused = Object.values(answer.pdus).find(({ error }) => error !== undefined);
    if (refused !== undefined) throw new Error(`a PDU was refused: ${refused.error}`);
  }
}

/** Asks seldom, lest the questions be what is measured. */
const untilRead = ({ roomId }: PeerRoom, { last }: Part, reader: BenchUser): Promise<void> =>
  until('reading it', () => reader.sees(roomId, last.eventId), 20);
