import type { MembershipState, RoomMembership } from '#domain/membership';
import type { StoredEvent, Timeline } from '#domain/timeline';
import { isAfter, type Positions } from '#platform/storage/storage';
import type { Window } from './sync.model';

/** A user's own member events looked at in one room; who goes in and out more often between two syncs starts anew. */
const MAX_STEPS = 100;

/** Where a user stands in a room at the end of a window, and how they came there. */
export interface Standing {
  readonly membership: MembershipState;
  /** The member event in force at the window's end. */
  readonly event: StoredEvent;
  /** Joined when the window began. */
  readonly wasJoined: boolean;
  /** Joined all through the window: what the client knows of the room holds. */
  readonly continuous: boolean;
  /** The event that ended the user's last stay in the room; undefined when there was none before. */
  readonly departure: StoredEvent | undefined;
  /** The same before the window: up to there the client was told of the room. */
  readonly toldDeparture: StoredEvent | undefined;
  /** The user's member events after the departure (all, when there is none), oldest first. */
  readonly sinceDeparture: readonly StoredEvent[];
}

/**
 * Tells where users stood at a token. The membership table knows the present only; each member event names the one it
 * replaced, and walking back along them costs only what happened since.
 */
export class Standings {
  constructor(private readonly timeline: Pick<Timeline, 'events'>) {}

  /** Undefined when the user had nothing to do with the room yet. */
  async of(row: RoomMembership, { since, until }: Window): Promise<Standing | undefined> {
    const chain = await this.chain(row.eventNid, since, until);
    const [event] = chain;
    if (event === undefined) return undefined;
    const news = chain.filter((own) => since === undefined || isAfter(own.position, since));
    const told = chain.slice(news.length);
    const [before] = told;
    const wasJoined = before !== undefined && isJoin(before);
    const departure = departureIn(chain);
    return {
      membership: membershipOf(event),
      event,
      wasJoined,
      continuous: wasJoined && news.every(isJoin),
      departure,
      toldDeparture: departureIn(told),
      sinceDeparture: (departure === undefined ? chain : chain.slice(0, chain.indexOf(departure))).slice().reverse(),
    };
  }

  /**
   * The user's member events up to `until`, newest first, back to a stay that the client knows of: its last event is a join
   * before `since`, or without `since` the one before the last departure.
   */
  private async chain(newest: number, since: Positions | undefined, until: Positions): Promise<StoredEvent[]> {
    const chain: StoredEvent[] = [];
    let nid: number | null = newest;
    for (let step = 0; nid !== null && step < MAX_STEPS; step++) {
      const [event]: StoredEvent[] = await this.timeline.events([nid]);
      if (event === undefined) break;
      nid = event.replacesNid;
      if (isAfter(event.position, until)) continue;
      chain.push(event);
      const isKnown = since === undefined ? departureIn(chain) !== undefined : !isAfter(event.position, since);
      if (isKnown && isJoin(event)) break;
    }
    return chain;
  }
}

/** The newest event of a chain by which a stay ended. */
function departureIn(chain: readonly StoredEvent[]): StoredEvent | undefined {
  return chain.find((event, index) => {
    const before = chain[index + 1];
    return !isJoin(event) && before !== undefined && isJoin(before);
  });
}

function isJoin(event: StoredEvent): boolean {
  return membershipOf(event) === 'join';
}

/** The membership that a member event gives. */
export function membershipOf(event: StoredEvent): MembershipState {
  return (event.pdu.content as { membership?: unknown }).membership as MembershipState;
}
