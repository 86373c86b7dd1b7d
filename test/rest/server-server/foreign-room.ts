import { randomBytes } from 'node:crypto';
import type { JsonObject } from '#kernel/json';
import { buildEvent, referenceHash, type EventDraft, type Pdu, type SignedEvent } from '#protocol/events/index';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import type { KnownPeer } from '../../support/known-peer';

type Said = Pick<EventDraft, 'type' | 'content'> & Partial<EventDraft>;

/** A room of a peer that the tested server is not in, with the events that show what it is. */
export class ForeignRoom {
  readonly version: RoomVersion;
  readonly roomId: string;
  readonly create: SignedEvent;
  readonly joinRules: SignedEvent;
  readonly name: SignedEvent;
  private readonly hashes = new Map<string, string>();
  private latest: string[] = [];
  private depth = 0;

  constructor(
    readonly peer: KnownPeer,
    versionId: string,
  ) {
    this.version = roomVersion(versionId);
    const nonce = randomBytes(9).toString('hex');
    const named = { roomId: `!${nonce}:${peer.serverName}` };
    // Two rooms of version 12 that are made in one millisecond would be the same.
    const content = { room_version: versionId, 'org.example.nonce': nonce };
    this.create = this.say({ ...named, type: 'm.room.create', stateKey: '', content });
    this.roomId = this.create.roomId;
    const stateKey = '';
    this.joinRules = this.say({ type: 'm.room.join_rules', stateKey, content: { join_rule: 'invite' } });
    this.name = this.say({ type: 'm.room.name', stateKey, content: { name: 'A room elsewhere' } });
  }

  /** An event after those before, of the peer's user unless the draft says otherwise, signed by the peer. */
  say(draft: Said): SignedEvent {
    const { peer, version, latest } = this;
    const isCreate = latest.length === 0;
    const authEvents = isCreate || version.createEventIsRoomId ? [] : [this.create.eventId];
    const pdu = buildEvent(version, {
      roomId: this.roomId,
      sender: peer.userId,
      prevEvents: latest,
      authEvents,
      depth: ++this.depth,
      originServerTs: Date.now(),
      eventId: `$${randomBytes(9).toString('hex')}:${peer.serverName}`,
      hashOf: (eventId) => this.hashes.get(eventId)!,
      ...draft,
    });
    const signed = peer.sign(version, pdu);
    this.hashes.set(signed.eventId, referenceHash(version, signed.pdu));
    this.latest = [signed.eventId];
    return signed;
  }

  /** An invite of a user, and what it says otherwise. */
  invite(userId: string, changes: Partial<EventDraft> = {}): SignedEvent {
    return this.say({ type: 'm.room.member', stateKey: userId, content: { membership: 'invite' }, ...changes });
  }

  /** What an honest server shows of the room with an invite. */
  get shown(): Pdu[] {
    return [this.create.pdu, this.joinRules.pdu, this.name.pdu];
  }

  /** The body of `PUT /v2/invite`. */
  offer({ pdu }: { readonly pdu: Pdu }, changes: JsonObject = {}): JsonObject {
    return { room_version: this.version.id, event: pdu, invite_room_state: this.shown, ...changes };
  }
}
