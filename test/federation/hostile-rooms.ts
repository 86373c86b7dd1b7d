import type { JsonObject } from '#kernel/json';
import { buildEvent, referenceHash, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { HostileScene } from './hostile-scene';
import { bodyOf, send, type Answer } from './hostile-server';
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

/** A room that the hostile server has made, which users of the victim want to enter. Public, of version 11. */
export class HostileRoom {
  readonly state: SignedEvent[] = [];
  readonly version;

  constructor(
    private readonly scene: HostileScene,
    readonly roomId = `!room${++made}:${scene.hostile.serverName}`,
    version = '11',
  ) {
    this.version = roomVersion(version);
    const { userId } = scene.hostile;
    this.add('m.room.create', '', { room_version: version, ...(this.version.creatorInContent && { creator: userId }) });
    this.add('m.room.member', userId, { membership: 'join' });
    this.add('m.room.join_rules', '', { join_rule: 'public' });
  }

  /** Adds an event of the room to its state. */
  add(type: string, stateKey: string, content: JsonObject, departure: Departure = {}): SignedEvent {
    const event = this.make(type, stateKey, content, departure);
    this.state.push(event);
    return event;
  }

  /** An event that would follow the state. */
  make(type: string, stateKey: string, content: JsonObject, departure: Departure = {}): SignedEvent {
    const { scene, version, state } = this;
    const ids = state.map((event) => event.eventId);
    const hashes = new Map(state.map(({ eventId, pdu }) => [eventId, pdu]));
    const unknown = 'A'.repeat(43);
    const pdu = buildEvent(version, {
      roomId: departure.roomId ?? this.roomId,
      type,
      stateKey,
      content,
      sender: departure.sender ?? scene.hostile.userId,
      prevEvents: departure.prevEvents ?? ids.slice(-1),
      authEvents: departure.authEvents ?? ids.slice(0, 2),
      depth: state.length + 1,
      originServerTs: Date.now(),
      hashOf: version.hashedReferences
        ? (id) => (hashes.has(id) ? referenceHash(version, hashes.get(id)!) : unknown)
        : undefined,
      eventId:
        version.eventIds === 'field' ? (departure.eventId ?? `$e${++made}:${scene.hostile.serverName}`) : undefined,
    });
    return scene.hostile.sign(version, pdu);
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
        auth_events: [reference(state[0]!), reference(state[2]!)],
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

  /** Has the hostile server give templates, and this to who sends the signed event: those events, as they come. */
  serve(answer: (signed: Pdu) => JsonObject = this.answer(), template = this.template()): Pdu[] {
    const sent: Pdu[] = [];
    this.scene.hostile.answerWith(async (request, response) => {
      const url = request.url ?? '';
      if (url.includes('/make_')) return send(response, 200, template);
      if (!url.includes('/send_')) return send(response, 404, { errcode: 'M_NOT_FOUND', error: 'no' });
      const body = (await bodyOf(request)) as Pdu;
      sent.push(body);
      send(response, 200, answer(body));
    });
    return sent;
  }

  /** A user enters, or leaves, by way of the hostile server. */
  async ask(operation: 'join' | 'knock' | 'leave', person: Person = this.scene.alice): Promise<Answer> {
    const via = encodeURIComponent(this.scene.hostile.serverName);
    const roomId = encodeURIComponent(this.roomId);
    if (operation === 'leave') return person.api('POST', `/rooms/${roomId}/leave`, {});
    return person.api('POST', `/${operation}/${roomId}?via=${via}`, {});
  }
}
