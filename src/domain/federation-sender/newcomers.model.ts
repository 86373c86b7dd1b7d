import { LRUCache } from 'lru-cache';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';

/** By then the servers of the room have heard of a join, or are away and will catch up by other events. */
const NEW_FOR_MS = 5 * 60_000;
const MAX_ROOMS = 1_000;
const MAX_OF_ROOM = 20;
/** Whoever makes forks without end fills nobody's queue. */
const MAX_COPIES = 100;

/** A server that this one let into a room a short while ago. */
export interface Newcomer {
  readonly server: string;
  readonly roomNid: number;
  /** Whose join it was, and the number of the event. */
  readonly userId: string;
  readonly joinNid: number;
  readonly until: number;
  /** How many copies of events it may still get. */
  left: number;
}

/** Which servers this one let into which rooms lately. After a restart nobody is new. */
export class Newcomers {
  private readonly rooms = new LRUCache<number, readonly Newcomer[]>(atMost(MAX_ROOMS));

  constructor(private readonly now: Clock) {}

  /** Who comes in by a join just now; not yet noted. */
  by(join: Pick<Newcomer, 'server' | 'roomNid' | 'userId' | 'joinNid'>): Newcomer {
    return { ...join, until: this.now() + NEW_FOR_MS, left: MAX_COPIES };
  }

  /** Notes one; who has left and comes again begins anew. */
  add(newcomer: Newcomer): void {
    const others = this.of(newcomer.roomNid).filter(({ server }) => server !== newcomer.server);
    this.rooms.set(newcomer.roomNid, [...others, newcomer].slice(-MAX_OF_ROOM));
  }

  of(roomNid: number): readonly Newcomer[] {
    const known = this.rooms.get(roomNid);
    if (known === undefined) return [];
    const still = known.filter(({ until }) => until > this.now());
    if (still.length === 0) this.rooms.delete(roomNid);
    return still;
  }
}
