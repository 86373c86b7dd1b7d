import type { MembershipState, RoomMembership } from '#domain/membership';
import type { StoredEvent, Timeline } from '#domain/timeline';
import { isAfter, type Positions } from '#platform/storage/storage';
import type { Window } from './sync.model';

/** A user's own member events looked at in one room; who goes in and out more often between two syncs starts anew. */
const MAX_STEPS = 50;

/** Where a user stands in a room at the end of a window, and how they came there. */
export interface Standing {
  readonly membership: MembershipState;
  /** The member event in force at the window's end. */
  readonly event: StoredEvent;
  /** Joined when the window began. */
  readonly wasJoined: boolean;
  /** Joined all through the window: what the client knows of the room holds. */
  readonly continuous: boolean;
  /**
   * The event by which the user last left the room after having been joined: the one that ended the present absence, or
   * when joined, the absence before. Undefined for users who were never joined before.
   */
  readonly departure: StoredEvent | undefined;
  /** The user's member events after the departure (all, when never joined), oldest first. */
  readonly sinceDeparture: readonly StoredEvent[];
}

/**
 * Tells where users stood at a token. The membership table knows the present only; each member event names the one it
 * replaced, and walking back along them costs only what happened since.
 */
export class Standings {
  constructor(private readonly timeline: Pick<Timeline, 'events'>) {}

  /** Undefined when the user had nothing to do with the room yet. */
  async of(row: RoomMembership, window: Window): Promise<Standing | undefined> {
    const walk = new Walk(this.timeline, row.eventNid);
    let event = await walk.next();
    while (event !== undefined && isAfter(event.position, window.until)) event = await walk.next();
    if (event === undefined) return undefined;
    const own = await this.untilDeparture(walk, event, window.since);
    const before = await stateAt(own, walk, window.since);
    const wasJoined = before !== undefined && membershipOf(before) === 'join';
    const departure = own.departure;
    return {
      membership: membershipOf(event),
      event,
      wasJoined,
      continuous: wasJoined && membershipOf(event) === 'join' && isContinuous(departure, window.since),
      departure,
      sinceDeparture: own.later.reverse(),
    };
  }

  /**
   * Walks back to the event that ended the last stay, over the present stay if there is one; no further than to a join
   * that the client knows of.
   */
  private async untilDeparture(walk: Walk, event: StoredEvent, since: Positions | undefined): Promise<Trail> {
    const later: StoredEvent[] = [];
    const known = (joined: StoredEvent): boolean => since !== undefined && !isAfter(joined.position, since);
    let outside: StoredEvent | undefined = membershipOf(event) === 'join' ? undefined : event;
    if (outside === undefined) later.push(event);
    if (outside === undefined && known(event)) return { later, departure: undefined, stay: undefined };
    for (let next = await walk.next(); next !== undefined; next = await walk.next()) {
      const joined = membershipOf(next) === 'join';
      if (outside !== undefined && joined) return { later, departure: outside, stay: next };
      if (outside !== undefined) later.push(outside);
      outside = joined ? undefined : next;
      if (joined) later.push(next);
      if (joined && known(next)) break;
    }
    if (outside !== undefined) later.push(outside);
    return { later, departure: undefined, stay: undefined };
  }
}

interface Trail {
  /** Newest first. */
  readonly later: StoredEvent[];
  readonly departure: StoredEvent | undefined;
  /** The last member event of the stay that the departure ended. */
  readonly stay: StoredEvent | undefined;
}

class Walk {
  private steps = 0;

  constructor(
    private readonly timeline: Pick<Timeline, 'events'>,
    private nid: number | null,
  ) {}

  async next(): Promise<StoredEvent | undefined> {
    if (this.nid === null || this.steps++ >= MAX_STEPS) return undefined;
    const [event] = await this.timeline.events([this.nid]);
    this.nid = event?.replacesNid ?? null;
    return event;
  }
}

/** The member event in force at `since`. */
async function stateAt(own: Trail, walk: Walk, since: Positions | undefined): Promise<StoredEvent | undefined> {
  if (since === undefined) return undefined;
  const known = [...own.later, own.departure, own.stay];
  for (const event of known) if (event !== undefined && !isAfter(event.position, since)) return event;
  for (let event = await walk.next(); event !== undefined; event = await walk.next()) {
    if (!isAfter(event.position, since)) return event;
  }
  return undefined;
}

function isContinuous(departure: StoredEvent | undefined, since: Positions | undefined): boolean {
  return since !== undefined && (departure === undefined || !isAfter(departure.position, since));
}

/** The membership that a member event gives. */
export function membershipOf(event: StoredEvent): MembershipState {
  return (event.pdu.content as { membership?: unknown }).membership as MembershipState;
}
