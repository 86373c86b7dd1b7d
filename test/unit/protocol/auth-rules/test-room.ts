import type { JsonObject } from '#kernel/json';
import { checkAuth } from '#protocol/auth-rules/index';
import { buildEvent, eventIdOf, type Pdu } from '#protocol/events/index';
import { knownRoomVersions, roomVersion, type RoomVersion } from '#protocol/room-versions';

export const ALICE = '@alice:a.org';
export const BOB = '@bob:b.org';
export const CAROL = '@carol:c.org';
export const MALLORY = '@mallory:m.org';

/** Room versions from one on, up to another. */
export function versions(from: number, to = 12): string[] {
  return knownRoomVersions().filter((id) => Number(id) >= from && Number(id) <= to);
}

interface Member {
  [userId: string]: string;
}

/** A room made by hand: its state is whatever a test puts in, unauthorised; `judge` then asks the rules. */
export class TestRoom {
  readonly version: RoomVersion;
  readonly create: Pdu;
  readonly createId: string;
  private readonly entries = new Map<string, Pdu>();
  private count = 0;

  constructor(id: string, createContent: JsonObject = {}, members: Member = { [ALICE]: 'join' }) {
    this.version = roomVersion(id);
    this.create = this.event(
      'm.room.create',
      ALICE,
      { room_version: id, ...createContent },
      { stateKey: '', prevEvents: [] },
    );
    this.createId = eventIdOf(this.version, this.create);
    if (!this.version.createEventIsRoomId) this.put(this.create);
    for (const [user, membership] of Object.entries(members)) this.member(user, membership);
  }

  get roomId(): string {
    return this.version.createEventIsRoomId ? `!${this.createId.slice(1)}` : '!room:a.org';
  }

  event(
    type: string,
    sender: string,
    content: JsonObject,
    more: { stateKey?: string; prevEvents?: string[]; redacts?: string; eventId?: string } = {},
  ): Pdu {
    return buildEvent(this.version, {
      roomId: type === 'm.room.create' ? '!room:a.org' : this.roomId,
      type,
      sender,
      content,
      prevEvents: ['$one:a.org', '$two:a.org'],
      authEvents: [],
      depth: ++this.count,
      originServerTs: 1000 + this.count,
      eventId: `$e${this.count}:${sender.split(':')[1]}`,
      hashOf: () => 'hash',
      ...more,
    });
  }

  put(event: Pdu): Pdu {
    this.entries.set(`${event.type}|${event.state_key}`, event);
    return event;
  }

  set(type: string, content: JsonObject, stateKey = '', sender = ALICE): Pdu {
    return this.put(this.event(type, sender, content, { stateKey }));
  }

  member(user: string, membership: string): Pdu {
    return this.set('m.room.member', { membership }, user, user);
  }

  /** The reason why the rules refuse an event, or `allowed`. */
  judge(event: Pdu): string {
    try {
      checkAuth(this.version, event, (type, key) => this.entries.get(`${type}|${key}`), this.create);
      return 'allowed';
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Judges a member event: who makes whom what. */
  change(sender: string, target: string, membership: string, content: JsonObject = {}): string {
    return this.judge(this.event('m.room.member', sender, { membership, ...content }, { stateKey: target }));
  }

  send(sender: string, type: string, content: JsonObject = {}, stateKey?: string): string {
    return this.judge(this.event(type, sender, content, stateKey === undefined ? {} : { stateKey }));
  }
}
