import type { Pdu } from '#protocol/events/index';
import { figure, timed, type Figure } from '../load/figures';
import type { Peer } from '../peers/peer';
import { PeerRoom } from '../peers/peer-room';
import type { Peers } from '../peers/peers';
import { scaled, until, withPeers, type Bench } from './scenario';

const MEMBERS = 2_000;
const SERVERS = 100;
const RUNS = 3;
const SERVED = 10;

/**
 * A local user joins a room of 2,000 members on 100 other servers, whose keys are not known the first time: when the user
 * may talk, and when the server knows all members.
 */
export const joinMade = (bench: Bench): Promise<Figure[]> =>
  withPeers(bench, SERVERS, async (peers) => {
    const members = scaled(bench, MEMBERS, SERVERS);
    const times = { talk: [] as number[], whole: [] as number[] };
    for (let run = 0; run < RUNS; run++) {
      const { talkMs, wholeMs } = await joinLarge(bench, peers, members);
      times.talk.push(talkMs);
      times.whole.push(wholeMs);
    }
    return [
      figure(`federation: join of ${members} members made, until the user may talk`, 'ms', 'less', times.talk),
      figure(`federation: join of ${members} members made, until all members are known`, 'ms', 'less', times.whole),
    ];
  });

/** Users of other servers join a room of 2,000 members: how long make_join and send_join take, and what they weigh. */
export const joinServed = (bench: Bench): Promise<Figure[]> =>
  withPeers(bench, SERVERS, async (peers) => {
    const members = scaled(bench, MEMBERS, SERVERS);
    const { room } = await joinLarge(bench, peers, members);
    const figures: Figure[] = [];
    for (const omitMembers of [false, true]) {
      const joins: Served[] = [];
      for (let run = 0; run < SERVED; run++) {
        joins.push(await joinAt(bench.server.serverName, peers, room, `late-${omitMembers}-${run}`, omitMembers));
      }
      const name = `federation: join of ${members} members served${omitMembers ? ', members omitted' : ''}`;
      figures.push(
        figure(
          name,
          'ms',
          'less',
          joins.slice(1).map(({ ms }) => ms),
        ),
      );
      figures.push(
        figure(
          `${name}: answer`,
          'KiB',
          'less',
          joins.slice(1).map(({ bytes }) => bytes / 1_024),
        ),
      );
    }
    return figures;
  });

interface JoinedLarge {
  readonly room: PeerRoom;
  readonly talkMs: number;
  readonly wholeMs: number;
}

async function joinLarge(bench: Bench, peers: Peers, members: number): Promise<JoinedLarge> {
  const user = bench.users[0]!;
  // The owner is one of them.
  const room = new PeerRoom(peers.all[0]!).fill(peers.all, members - 1);
  peers.serve(room);
  let talkMs = 0;
  const wholeMs = await timed(async () => {
    talkMs = await timed(async () => {
      await user.join(room.roomId, room.owner.serverName);
      await user.send(room.roomId, 'hello');
    });
    await until('the members', async () => (await user.memberCount(room.roomId)) === members + 1, 20);
  });
  return { room, talkMs, wholeMs };
}

interface Served {
  readonly ms: number;
  readonly bytes: number;
}

/** Joins as an honest server would, and waits until the other servers were told: that is not to burden the next. */
async function joinAt(
  destination: string,
  peers: Peers,
  room: PeerRoom,
  localpart: string,
  omitMembers: boolean,
): Promise<Served> {
  const peer = peers.all.at(-1)!;
  const userId = peer.userId(localpart);
  const told = new Set<Peer>();
  peers.onEvent((to, pdu) => to !== peer && pdu['state_key'] === userId && told.add(to));
  const path = encodeURIComponent(room.roomId);
  const versions = `ver=${room.version.id}`;
  const make = `/_matrix/federation/v1/make_join/${path}/${encodeURIComponent(userId)}?${versions}`;
  let bytes = 0;
  const ms = await timed(async () => {
    const made = await peer.ask(destination, peer.prepare(destination, 'GET', make));
    const { event } = JSON.parse(made.toString('utf8')) as { event: Pdu };
    const join = peer.sign(room.version, event);
    const send = `/_matrix/federation/v2/send_join/${path}/${encodeURIComponent(join.eventId)}?omit_members=${omitMembers}`;
    bytes = (await peer.ask(destination, peer.prepare(destination, 'PUT', send, join.pdu))).length;
  });
  await until('telling the others', () => told.size === peers.all.length - 1);
  return { ms, bytes };
}
