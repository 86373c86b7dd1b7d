import type { Membership } from '#domain/membership';
import type { RoomInfo } from '#domain/room-state';
import type { StoredEvent, Timeline } from '#domain/timeline';
import type { JsonObject } from '#kernel/json';
import type { RoomSummary } from './sync.model';
import type { Slice } from './timeline-section.service';

/** State that a room's name or its counts depend on. */
const NAMING = new Set(['m.room.member', 'm.room.name', 'm.room.canonical_alias']);
const HEROES = 5;

/** The room's member counts, and who gives a nameless room its name. Spec: client-server, "RoomSummary" of `/sync`. */
export class SummarySection {
  constructor(
    private readonly membership: Pick<Membership, 'counts' | 'members'>,
    private readonly timeline: Pick<Timeline, 'currentState'>,
  ) {}

  /** Whether anything in the slice, or in the part of its stretch that was not read, can change the summary. */
  changedIn(slice: Slice): boolean {
    return !slice.complete || slice.scanned.some((event) => event.stateKey !== null && NAMING.has(event.type));
  }

  /** The summary as it is now: the counts always, heroes where the room has neither name nor alias. */
  async read(userId: string, room: RoomInfo): Promise<RoomSummary> {
    const [counts, named] = await Promise.all([this.membership.counts(room), this.isNamed(room)]);
    return {
      ...(named ? {} : { 'm.heroes': await this.heroes(userId, room) }),
      'm.joined_member_count': counts.joined,
      'm.invited_member_count': counts.invited,
    };
  }

  private async isNamed(room: RoomInfo): Promise<boolean> {
    const [name, alias] = await Promise.all([
      this.timeline.currentState(room, 'm.room.name', ''),
      this.timeline.currentState(room, 'm.room.canonical_alias', ''),
    ]);
    return holds(name, 'name') || holds(alias, 'alias');
  }

  /** The first other members; when there are none left, those who went. */
  private async heroes(userId: string, room: RoomInfo): Promise<string[]> {
    const others = (await this.membership.members(room)).filter((member) => member.userId !== userId);
    const present = others.filter(({ membership }) => membership === 'join' || membership === 'invite');
    const gone = others.filter(({ membership }) => membership === 'leave' || membership === 'ban');
    return (present.length > 0 ? present : gone)
      .sort((a, b) => a.ordinal - b.ordinal)
      .slice(0, HEROES)
      .map((member) => member.userId);
  }
}

/** Whether an event has a text under `key`; a redacted one has none. */
function holds(event: StoredEvent | undefined, key: string): boolean {
  const value = (event?.pdu.content as JsonObject | undefined)?.[key];
  return event?.redactedByNid === null && typeof value === 'string' && value !== '';
}
