import { LRUCache } from 'lru-cache';
import type { RoomInfo } from '../room-state';
import type { Membership, RoomMembership } from '../membership';
import type { StoredEvent, Timeline } from '../timeline';
import { atMost } from '#platform/cache/at-most';
import { membershipOf, type Pdu } from '#protocol/events/index';

/** A membership of the user, unbroken: of the member events that say so the place of the first and the newest one. */
interface Span {
  readonly newestNid: number;
  readonly from: number;
  readonly membership: string;
}

/** How many member events one reads at first; who has more of them is a stranger to what was before. */
const MAX_EVENTS = 256;

/** A user's memberships in one room through its order of events. */
export class MemberSpans {
  /** @param spans newest first */
  constructor(private readonly spans: readonly Span[]) {}

  /** The membership before the event at this place; undefined when there was none. */
  before(ordinal: number): string | undefined {
    return this.spans.find((span) => span.from < ordinal)?.membership;
  }

  /** Whether the user was joined at some time after this place. */
  joinedAfter(ordinal: number): boolean {
    return this.spans.some(
      (span, index) => span.membership === 'join' && (this.spans[index - 1]?.from ?? Infinity) > ordinal,
    );
  }
}

/** Who reads, as far as one room is concerned. */
export interface RoomReader {
  readonly userId: string;
  /** The place of the member event by which the user is joined now; undefined for everybody else. */
  readonly joinedSince: number | undefined;
  /** All of the user's memberships; empty for strangers and for those who forgot the room. */
  spans(): Promise<MemberSpans>;
}

/** Reads memberships back through time, along the member events that replaced one another. */
export class MemberHistory {
  private readonly known = new LRUCache<string, readonly Span[]>(atMost(20_000));

  constructor(
    private readonly membership: Pick<Membership, 'of'>,
    private readonly timeline: Pick<Timeline, 'events'>,
  ) {}

  /** The reader of a room; reads nothing but the cached membership until the history is asked for. */
  async readerOf(userId: string, room: RoomInfo): Promise<RoomReader> {
    const member = await this.membership.of(userId, room.roomId);
    return {
      userId,
      joinedSince: member?.membership === 'join' ? member.ordinal : undefined,
      spans: async () => new MemberSpans(member === undefined || member.forgotten ? [] : await this.spansOf(member)),
    };
  }

  private async spansOf(member: RoomMembership): Promise<readonly Span[]> {
    const key = `${member.roomNid} ${member.userId}`;
    const known = this.known.get(key) ?? [];
    if (known[0]?.newestNid === member.eventNid) return known;
    const newer = await this.walk(member.eventNid, known[0]?.newestNid);
    const joinsKnown = newer.stoppedAt === known[0]?.newestNid;
    const spans = unbroken([...newer.spans, ...(joinsKnown ? known : [])]);
    this.known.set(key, spans);
    return spans;
  }

  /** Follows `replaces` from one member event back to `stop` or to the first one. */
  private async walk(
    start: number,
    stop: number | undefined,
  ): Promise<{ spans: Span[]; stoppedAt: number | undefined }> {
    const spans: Span[] = [];
    let nid: number | null = start;
    while (nid !== null && nid !== stop && spans.length < MAX_EVENTS) {
      const event: StoredEvent | undefined = (await this.timeline.events([nid]))[0];
      if (event === undefined) return { spans, stoppedAt: undefined };
      spans.push({ newestNid: nid, from: event.ordinal, membership: membershipOf(event.pdu as Pdu) ?? 'leave' });
      nid = event.replacesNid;
    }
    return { spans, stoppedAt: nid ?? undefined };
  }
}

/** Joins neighbours of the same membership, as profile changes make them; newest first. */
function unbroken(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const newer = joined.at(-1);
    if (newer?.membership === span.membership) joined[joined.length - 1] = { ...newer, from: span.from };
    else joined.push(span);
  }
  return joined;
}
