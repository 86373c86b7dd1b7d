import type { JsonObject } from '#kernel/json';
import { buildEvent, referenceHash, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import type { HostileScene } from './hostile-scene';
import { bodyOf, send, type Answer, type HostileServer } from './hostile-server';
import type { Person } from './people';

/** What a state event says otherwise than an honest one. */
interface Departure {
  readonly sender?: string;
  readonly eventId?: string;
  /** Any ids; in versions 1 and 2 they come with hashes, true ones for the events of the room. */
  readonly authEvents?: readonly string[];
  readonly prevEvents?: readonly string[];
  readonly roomId?: string;
}

let made = 0;

interface HostileRoomOptions {
  readonly roomId?: string;
  readonly version?: string;
  /** Whose room it is, when it is not the hostile server's of the scene. */
  readonly host?: HostileServer;
}

/** A room that the hostile server has made, which users of the victim want to enter. Public, of version 11. */
export class HostileRoom {
  readonly state: SignedEvent[] = [];
  readonly version: RoomVersion;
  readonly roomId: string;
  private readonly host: HostileServer;

  constructor(
    private readonly scene: HostileScene,
    { roomId, version = '11', host = scene.hostile }: HostileRoomOptions = {},
  ) {
    this.host = host;
    this.version = roomVersion(version);
    this.roomId = roomId ?? `!room${++made}:${host.serverName}`;
    const create = this.add('m.room.create', '', { room_version: version });
    if (this.version.createEventIsRoomId) this.roomId = roomId ?? `!${create.eventId.slice(1)}`;
    this.add('m.room.member', host.userId, { membership: 'join' });
    this.add('m.room.join_rules', '', { join_rule: 'public' });
  }

  /** The events that give its maker the right to set its state. */
  private get authority(): readonly SignedEvent[] {
    return this.state.slice(this.version.createEventIsRoomId ? 1 : 0, 2);
  }

  /** Adds an event of the room to its state. */
  add(type: string, stateKey: string, content: JsonObject, departure: Departure = {}): SignedEvent {
    const event = this.make(type, stateKey, content, departure);
    this.state.push(event);
    return event;
  }

  /** An event that would follow the state. */
  make(type: string, stateKey: string, content: JsonObject, departure: Departure = {}): SignedEvent {
    const { host, version, state } = this;
    const hashes = new Map(state.map(({ eventId, pdu }) => [eventId, pdu]));
    const unknown = 'A'.repeat(43);
    const pdu = buildEvent(version, {
      roomId: departure.roomId ?? this.roomId,
      type,
      stateKey,
      content,
      sender: departure.sender ?? host.userId,
      prevEvents: departure.prevEvents ?? state.slice(-1).map((event) => event.eventId),
      authEvents: departure.authEvents ?? this.authority.map((event) => event.eventId),
      depth: state.length + 1,
      originServerTs: Date.now(),
      hashOf: version.hashedReferences
        ? (id) => (hashes.has(id) ? referenceHash(version, hashes.get(id)!) : unknown)
        : undefined,
      eventId: version.eventIds === 'field' ? (departure.eventId ?? `$e${++made}:${host.serverName}`) : undefined,
    });
    return host.sign(version, pdu);
  }

  /** An honest answer to make_join, make_leave and make_knock but for what a test says. */
  template(more: JsonObject = {}): JsonObject {
    const { state, version, scene } = this;
    const reference = (event: SignedEvent) =>
      version.hashedReferences ? [event.eventId, { sha256: referenceHash(version, event.pdu) }] : event.eventId;
    return {
      room_version: version.id,
      event: {
        type: 'm.room.member',
        room_id: this.roomId,
        sender: scene.alice.userId,
        state_key: scene.alice.userId,
        content: { membership: 'join' },
        prev_events: [reference(state.at(-1)!)],
        auth_events: [...(version.createEventIsRoomId ? [] : [state[0]!]), state[2]!].map(reference),
        depth: state.length + 1,
        origin_server_ts: 1,
        ...more,
      },
    };
  }

  /** An honest answer to send_join but for what a test says. */
  readonly answer =
    (more: JsonObject = {}) =>
    (join: Pdu): JsonObject => ({
      state: this.state.map(({ pdu }) => pdu),
      auth_chain: this.state.slice(0, 3).map(({ pdu }) => pdu),
      event: join,
      ...more,
    });

  /**
   * Has the hostile server give templates, honest ones unless a test says otherwise, and this to who sends the signed event:
   * those events, as they come.
   */
  serve(answer: (signed: Pdu) => JsonObject = this.answer(), template?: JsonObject): Pdu[] {
    const sent: Pdu[] = [];
    this.host.answerWith(async (request, response) => {
      const url = request.url ?? '';
      const [, membership] = /\/make_(\w+)\//.exec(url) ?? [];
      if (membership !== undefined) return send(response, 200, template ?? this.template({ content: { membership } }));
      if (!url.includes('/send_')) return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
      const body = (await bodyOf(request)) as Pdu;
      sent.push(body);
      send(response, 200, answer(body));
    });
    return sent;
  }

  /** A user enters, or leaves, by way of the hostile server. */
  async ask(operation: 'join' | 'knock' | 'leave', person: Person = this.scene.alice): Promise<Answer> {
    const via = encodeURIComponent(this.host.serverName);
    const roomId = encodeURIComponent(this.roomId);
    if (operation === 'leave') return person.api('POST', `/rooms/${roomId}/leave`, {});
    return person.api('POST', `/${operation}/${roomId}?via=${via}`, {});
  }
}
