import type { JsonObject } from '#kernel/json';
import { authTypesFor, checkAuth } from '#protocol/auth-rules/index';
import { buildEvent, contentHash, eventIdOf, isStateEvent, type Pdu } from '#protocol/events/index';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { resolveState, stateEntryKey, type ResolvableEvent, type StateMap } from '#protocol/state-resolution/index';

/** An event of a test, with the state after it. */
export interface Node extends ResolvableEvent {
  readonly after: StateMap;
}

export interface Action {
  readonly sender: string;
  readonly type: string;
  readonly stateKey?: string;
  readonly content?: JsonObject;
  /** The event that an `m.room.redaction` redacts. */
  readonly redacts?: string;
  /** Milliseconds; one later than the event before by default. */
  readonly ts?: number;
}

/** A room's graph, grown event by event as a server would: auth events chosen, rules asked, states resolved. */
export class TestDag {
  readonly version: RoomVersion;
  readonly nodes = new Map<string, Node>();
  readonly create: Node;
  /** Servers that have signed all events; what they signed is for nobody to check here. */
  signatures: { [server: string]: { [keyId: string]: string } } = {};
  private count = 0;

  constructor(
    id: string,
    readonly creator: string,
    createContent: JsonObject = {},
  ) {
    this.version = roomVersion(id);
    const content = { room_version: id, ...createContent };
    this.create = this.add([], { sender: creator, type: 'm.room.create', stateKey: '', content });
  }

  /** Adds an event after others. One that the rules refuse is kept, rejected, and changes no state. */
  add(parents: readonly Node[], action: Action): Node {
    const before = this.resolve(parents.map((parent) => parent.after));
    const pdu = this.build(parents, before, action);
    const eventId = eventIdOf(this.version, pdu);
    const rejected = !this.isAllowed(pdu, before);
    const after = new Map(before);
    if (!rejected && isStateEvent(pdu)) after.set(stateEntryKey(pdu.type, pdu.state_key ?? ''), eventId);
    const node = { eventId, pdu, rejected, after };
    this.nodes.set(eventId, node);
    return node;
  }

  /** Adds several events, one after another. */
  chain(parents: readonly Node[], ...actions: Action[]): Node {
    let last = parents;
    for (const action of actions) last = [this.add(last, action)];
    return last[0] as Node;
  }

  resolve(states: readonly StateMap[]): Map<string, string> {
    if (states.length === 0) return new Map();
    return resolveState({
      version: this.version,
      createEvent: this.create.pdu,
      states,
      event: (eventId) => this.nodes.get(eventId),
    });
  }

  /** The content of a state entry, or undefined. */
  content(state: StateMap, type: string, stateKey = ''): JsonObject | undefined {
    return this.nodes.get(state.get(stateEntryKey(type, stateKey)) ?? '')?.pdu.content;
  }

  private build(parents: readonly Node[], before: StateMap, action: Action): Pdu {
    this.count++;
    const { sender, type, stateKey, content = {}, redacts, ts } = action;
    const subject = { type, sender, content, state_key: stateKey };
    const authEvents = authTypesFor(this.version, subject)
      .map(([authType, key]) => before.get(stateEntryKey(authType, key)))
      .filter((eventId): eventId is string => eventId !== undefined);
    const roomId = this.version.createEventIsRoomId && this.count > 1 ? `!${this.create.eventId.slice(1)}` : '!r:a.org';
    const pdu = buildEvent(this.version, {
      roomId,
      type,
      stateKey,
      sender,
      content,
      redacts,
      authEvents,
      prevEvents: parents.map((parent) => parent.eventId),
      depth: Math.max(0, ...parents.map((parent) => parent.pdu.depth)) + 1,
      originServerTs: ts ?? this.count,
      eventId: `$${this.count}:a.org`,
      hashOf: () => 'hash',
    });
    return { ...pdu, hashes: { sha256: contentHash(this.version, pdu) }, signatures: this.signatures };
  }

  private isAllowed(pdu: Pdu, before: StateMap): boolean {
    const lookup = (type: string, key: string) => this.nodes.get(before.get(stateEntryKey(type, key)) ?? '')?.pdu;
    try {
      checkAuth(this.version, pdu, lookup, this.count > 1 ? this.create.pdu : undefined);
      return true;
    } catch {
      return false;
    }
  }
}
