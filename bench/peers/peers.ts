import type { JsonObject, JsonValue } from '#kernel/json';
import { eventIdOf, type Pdu, type SignedEvent } from '#protocol/events/index';
import type { PrivateCa } from '../../test/support/private-ca';
import { Peer, type PeerAnswer } from './peer';
import type { PeerRoom } from './peer-room';

/** Told of each event that a peer was sent. */
export type Heard = (peer: Peer, pdu: JsonObject) => void;

/**
 * The rest of the federation, as one process can play it: many homeservers with real names, keys and TLS, which hold what a
 * scenario gives them, acknowledge everything and check nothing.
 */
export class Peers {
  private constructor(
    readonly all: readonly Peer[],
    private readonly desk: Desk,
  ) {}

  static async start(ca: PrivateCa, count: number): Promise<Peers> {
    const certificate = ca.issue('localhost', '127.0.0.1');
    const desk = new Desk();
    const handle: Desk['answer'] = (...request) => desk.answer(...request);
    const all = await Promise.all(Array.from({ length: count }, () => Peer.start(certificate, ca.ca, handle)));
    return new Peers(all, desk);
  }

  /** Has the peers answer questions about a room. */
  serve(room: PeerRoom): void {
    this.desk.rooms.set(room.roomId, room);
  }

  /** Who is told of each event that comes; the last one to ask. */
  onEvent(heard: Heard): void {
    this.desk.heard = heard;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((peer) => peer.stop()));
  }
}

/** Answers for all peers. */
class Desk {
  readonly rooms = new Map<string, PeerRoom>();
  heard: Heard = () => undefined;

  answer(peer: Peer, method: string, uri: string, body: JsonObject): PeerAnswer {
    const url = new URL(uri, 'https://peer');
    const [, , api, , operation = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (api === 'key') return ok(peer.keyDocument());
    if (operation === 'send') return this.transaction(peer, body);
    if (operation === 'query') return ok({});
    if (operation === 'event') return this.event(peer, rest[0]!);
    const room = this.rooms.get(rest[0] ?? '');
    if (room === undefined) return refused;
    return this.ofRoom(peer, room, `${method} ${operation}`, { rest, query: url.searchParams, body });
  }

  private transaction(peer: Peer, { pdus }: JsonObject): PeerAnswer {
    for (const pdu of pdus as JsonObject[]) this.heard(peer, pdu);
    return ACKNOWLEDGED;
  }

  private event(peer: Peer, eventId: string): PeerAnswer {
    for (const room of this.rooms.values()) {
      const event = room.events.get(eventId);
      if (event !== undefined)
        return ok({ origin: peer.serverName, origin_server_ts: Date.now(), pdus: pdusOf([event]) });
    }
    return refused;
  }

  private ofRoom(peer: Peer, room: PeerRoom, request: string, { rest, query, body }: Question): PeerAnswer {
    switch (request) {
      case 'GET make_join':
        return ok({ room_version: room.version.id, event: room.joinTemplate(rest[1]!) });
      case 'PUT send_join':
        return join(peer, room, body as Pdu, query.get('omit_members') === 'true');
      case 'GET state_ids':
      case 'GET state':
        return stateBefore(room, query.get('event_id') ?? '', request === 'GET state_ids');
      case 'GET event_auth':
        return ok({ auth_chain: pdusOf(room.authChain([room.events.get(rest[1]!)!])) });
      case 'GET backfill':
        return ok({ origin: peer.serverName, origin_server_ts: Date.now(), pdus: [] });
      case 'POST get_missing_events':
        return ok({ events: [] });
      default:
        return refused;
    }
  }
}

interface Question {
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
}

const ok = (body: JsonObject): PeerAnswer => ({ status: 200, json: JSON.stringify(body) });
const ACKNOWLEDGED = ok({ pdus: {} });
const refused: PeerAnswer = {
  status: 404,
  json: JSON.stringify({ errcode: 'M_UNRECOGNIZED', error: 'Not part of the load' }),
};
const pdusOf = (events: readonly SignedEvent[]): JsonValue[] => events.map((event) => event.pdu);
const idsOf = (events: readonly SignedEvent[]): string[] => events.map((event) => event.eventId);

function join(peer: Peer, room: PeerRoom, pdu: Pdu, omitMembers: boolean): PeerAnswer {
  const state = room.stateEvents({ withMembers: !omitMembers });
  const partial = omitMembers && { members_omitted: true, servers_in_room: room.memberServers() };
  const answer = ok({
    origin: peer.serverName,
    state: pdusOf(state),
    auth_chain: pdusOf(room.authChain(state)),
    event: pdu,
    ...partial,
  });
  const eventId = eventIdOf(room.version, pdu);
  room.take({ pdu, eventId, roomId: room.roomId, json: JSON.stringify(pdu) });
  return answer;
}

/** Right for the events that join such a room: nobody else changes its state meanwhile. */
function stateBefore(room: PeerRoom, eventId: string, idsOnly: boolean): PeerAnswer {
  const state = room.stateEvents({ withMembers: true }).filter((event) => event.eventId !== eventId);
  const authority = room.authChain(state);
  return idsOnly
    ? ok({ pdu_ids: idsOf(state), auth_chain_ids: idsOf(authority) })
    : ok({ pdus: pdusOf(state), auth_chain: pdusOf(authority) });
}
