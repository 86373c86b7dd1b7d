import type { JsonObject } from '#kernel/json';
import { authEventIds, buildEvent, type SignedEvent } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { Peer } from './peer';

/** What Trellis makes rooms of; Synapse knows it too. */
const VERSION = roomVersion('12');

/** What the maker of an event decides; the room knows the rest. */
interface Draft {
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
}

/** A public room that peers have made among themselves, every event of it signed. */
export class PeerRoom {
  readonly version = VERSION;
  readonly roomId: string;
  /** Every event so far by its id, oldest first. */
  readonly events = new Map<string, SignedEvent>();
  /** The present state; all of it before anybody else joins. */
  private readonly state = new Map<string, SignedEvent>();
  private last: SignedEvent;

  constructor(readonly owner: Peer) {
    const creator = owner.userId('owner');
    this.last = this.make(owner, creator, {
      type: 'm.room.create',
      stateKey: '',
      content: { room_version: VERSION.id },
    });
    this.roomId = this.last.roomId;
    this.take(this.last);
    this.add(owner, creator, { type: 'm.room.member', stateKey: creator, content: { membership: 'join' } });
    this.add(owner, creator, { type: 'm.room.power_levels', stateKey: '', content: { users: {} } });
    this.add(owner, creator, { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } });
    const shared = { history_visibility: 'shared' };
    this.add(owner, creator, { type: 'm.room.history_visibility', stateKey: '', content: shared });
  }

  /** Has so many users join, dealt out among the peers. */
  fill(peers: readonly Peer[], members: number): this {
    for (let i = 0; i < members; i++) {
      const peer = peers[i % peers.length]!;
      const userId = peer.userId(`member${i}`);
      const content = { membership: 'join', displayname: `Member ${i}` };
      this.add(peer, userId, { type: 'm.room.member', stateKey: userId, content });
    }
    return this;
  }

  /** An event after the last one. */
  add(peer: Peer, sender: string, draft: Draft): SignedEvent {
    const event = this.make(peer, sender, draft);
    this.take(event);
    return event;
  }

  /** A message of the owner's. */
  message(body: string): SignedEvent {
    const content = { msgtype: 'm.text', body };
    return this.add(this.owner, this.owner.userId('owner'), { type: 'm.room.message', content });
  }

  /** What somebody who wants to join is to sign. */
  joinTemplate(userId: string): JsonObject {
    return this.draft(userId, { type: 'm.room.member', stateKey: userId, content: { membership: 'join' } });
  }

  /** Takes an event that came after the last one. */
  take(event: SignedEvent): void {
    this.events.set(event.eventId, event);
    if (event.pdu.state_key !== undefined) this.state.set(`${event.pdu.type}|${event.pdu.state_key}`, event);
    this.last = event;
  }

  stateEvents({ withMembers }: { withMembers: boolean }): SignedEvent[] {
    return [...this.state.values()].filter((event) => withMembers || event.pdu.type !== 'm.room.member');
  }

  /** The authority of all these events, and of that. */
  authChain(of: readonly SignedEvent[]): SignedEvent[] {
    const found = new Map<string, SignedEvent>();
    const create = this.events.values().next().value!;
    found.set(create.eventId, create);
    for (const open = [...of]; open.length > 0;) {
      for (const eventId of authEventIds(open.pop()!.pdu)) {
        if (found.has(eventId)) continue;
        const event = this.events.get(eventId)!;
        found.set(eventId, event);
        open.push(event);
      }
    }
    return [...found.values()];
  }

  memberServers(): string[] {
    const members = [...this.state.values()].filter((event) => event.pdu.type === 'm.room.member');
    return [...new Set(members.map((event) => event.pdu.sender.slice(event.pdu.sender.indexOf(':') + 1)))];
  }

  private make(peer: Peer, sender: string, draft: Draft): SignedEvent {
    return peer.sign(VERSION, this.draft(sender, draft));
  }

  private draft(sender: string, draft: Draft) {
    const isFirst = this.events.size === 0;
    return buildEvent(VERSION, {
      ...draft,
      ...(!isFirst && { roomId: this.roomId }),
      sender,
      prevEvents: isFirst ? [] : [this.last.eventId],
      authEvents: this.authorityFor(sender, draft),
      depth: isFirst ? 1 : this.last.pdu.depth + 1,
      originServerTs: Date.now(),
    });
  }

  /** Spec: server-server, "Auth events selection". */
  private authorityFor(sender: string, { type, stateKey }: Draft): string[] {
    const wanted = ['m.room.power_levels|', `m.room.member|${sender}`];
    if (type === 'm.room.member' && stateKey === sender) wanted.push('m.room.join_rules|');
    return wanted.flatMap((key) => this.state.get(key)?.eventId ?? []);
  }
}
