import type { Membership } from '#domain/membership';
import type { RoomInfo } from '#domain/room-state';
import type { StoredEvent, Timeline } from '#domain/timeline';
import type { JsonObject } from '#kernel/json';
import type { RoomSummary } from './sync.model';
import type { Slice } from './timeline-section.service';

/** State that a room's name or its counts depend on. */
const NAMING = new Set(['m.room.member', 'm.room.name', 'm.room.canonical_alias']);

/** The room's member counts, and who gives a nameless room its name. Spec: client-server, "RoomSummary" of `/sync`. */
export class SummarySection {
  constructor(
    private readonly membership: Pick<Membership, 'counts' | 'heroes'>,
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
      ...(named ? {} : { 'm.heroes': await this.membership.heroes(room, userId) }),
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
}

/** Whether an event has a text under `key`; a redacted one has none. */
function holds(event: StoredEvent | undefined, key: string): boolean {
  const value = (event?.pdu.content as JsonObject | undefined)?.[key];
  return event?.redactedByNid === null && typeof value === 'string' && value !== '';
}
