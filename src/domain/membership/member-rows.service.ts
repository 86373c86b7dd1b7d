import { serverNameOf } from '#kernel/ids';
import type { Tx } from '#platform/storage/storage';
import { membershipOf, type Pdu } from '#protocol/events/index';
import type { AppendedEvent, AppendParticipant, ResolvedChange, StoredEvent } from '../timeline';
import type { MembershipState } from './membership.model';
import { MEMBER_EVENT } from './membership.model';
import { MembershipWriter, type WrittenMembership } from './membership.repository';
import type { Members } from './members.service';

const STATES: ReadonlySet<string> = new Set(['join', 'invite', 'knock', 'leave', 'ban']);

/** Writes memberships beside the events that make them, and tells the caches. */
export class MemberRows implements AppendParticipant {
  constructor(
    private readonly serverName: string,
    private readonly members: Members,
  ) {}

  async eventsAppended(tx: Tx, appended: readonly AppendedEvent[]): Promise<void> {
    const isRelevant = ({ event, isCurrentState }: AppendedEvent) =>
      isCurrentState && (event.type === MEMBER_EVENT || (event.type === 'm.room.create' && event.stateKey === ''));
    const relevant = appended.filter(isRelevant);
    if (relevant.length === 0) return;
    const writer = new MembershipWriter(tx);
    const created = relevant.filter(({ event }) => event.type === 'm.room.create');
    if (created.length > 0) await writer.startCounting(created.map(({ event }) => event.roomNid));
    const changes = relevant.filter(({ event }) => event.type === MEMBER_EVENT);
    const written = this.newest(changes.map(({ event }) => event));
    await writer.put(written);
    for (const [roomNid, change] of countChanges(changes)) await writer.count(roomNid, change);
    tx.afterCommit(() => written.forEach((member) => this.members.changed(member)));
  }

  /** Memberships that state resolution gives or takes, and those of a whole room from elsewhere. */
  async stateChanged(tx: Tx, changes: readonly ResolvedChange[]): Promise<void> {
    const writer = new MembershipWriter(tx);
    const created = changes.filter(({ type, replaced }) => type === 'm.room.create' && replaced === undefined);
    for (const { room } of created) await writer.ensureCounting(room.nid);
    const members = changes.filter(({ type }) => type === MEMBER_EVENT);
    const written = members.flatMap((change) => this.toChangedMembership(change));
    await writer.put(written);
    for (const [roomNid, change] of countChanges(members)) await writer.count(roomNid, change);
    tx.afterCommit(() => written.forEach((member) => this.members.changed(member)));
  }

  /** Who has no member event any more is out. */
  private toChangedMembership({ event, replaced, position }: ResolvedChange): WrittenMembership[] {
    const shown = event ?? replaced;
    if (shown === undefined) return [];
    const member = { ...this.toMembership(shown), position };
    return [event === undefined ? { ...member, membership: 'leave' } : member];
  }

  private newest(events: readonly StoredEvent[]): WrittenMembership[] {
    const members = new Map<string, WrittenMembership>();
    for (const event of events) members.set(`${event.roomNid}/${event.stateKey}`, this.toMembership(event));
    return [...members.values()];
  }

  private toMembership(event: StoredEvent): WrittenMembership {
    const { nid: eventNid, eventId, roomId, roomNid, sender, ordinal, position } = event;
    const userId = event.stateKey ?? '';
    const membership = stateOf(event);
    const isLocal = serverNameOf(userId) === this.serverName;
    return { userId, roomNid, roomId, membership, eventNid, eventId, sender, ordinal, position, isLocal };
  }
}

function countChanges(
  changes: readonly (AppendedEvent | ResolvedChange)[],
): Map<number, { joined: number; invited: number }> {
  const counts = new Map<number, { joined: number; invited: number }>();
  for (const { event, replaced } of changes) {
    const roomNid = (event ?? replaced)?.roomNid;
    if (roomNid === undefined) continue;
    const count = counts.get(roomNid) ?? { joined: 0, invited: 0 };
    const before = replaced && stateOf(replaced);
    const now = event && stateOf(event);
    count.joined += Number(now === 'join') - Number(before === 'join');
    count.invited += Number(now === 'invite') - Number(before === 'invite');
    counts.set(roomNid, count);
  }
  return new Map([...counts].filter(([, count]) => count.joined !== 0 || count.invited !== 0));
}

function stateOf(event: StoredEvent): MembershipState {
  const membership = membershipOf(event.pdu as Pdu) ?? 'leave';
  return STATES.has(membership) ? (membership as MembershipState) : 'leave';
}
