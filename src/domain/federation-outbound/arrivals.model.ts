import { endsWithin } from '#kernel/patience';

/** How long others wait for a room. It may still come; but who stalls here must not hold up what they say elsewhere. */
const PATIENCE_MS = 20_000;

/**
 * Rooms that this server is about to be in: a join is sent, and the room that it is answered with not taken in yet. The
 * servers of the room may hear of the join sooner, and say something.
 */
export class Arrivals {
  private readonly underWay = new Map<string, Set<Promise<void>>>();

  /** Does what brings a room here. */
  async run<T>(roomId: string, work: () => Promise<T>): Promise<T> {
    const result = work();
    const inTime = arrivesInTime(result);
    const ofRoom = this.underWay.get(roomId) ?? new Set();
    this.underWay.set(roomId, ofRoom.add(inTime));
    try {
      const done = await result;
      // Whoever else is on the way brings only themselves.
      ofRoom.clear();
      return done;
    } finally {
      ofRoom.delete(inTime);
      if (ofRoom.size === 0) this.underWay.delete(roomId);
    }
  }

  /** Resolves when the room is here or is waited for no more; at once when none is under way. */
  async settled(roomId: string): Promise<void> {
    const ofRoom = this.underWay.get(roomId);
    // Of several users who enter the first brings the room.
    if (ofRoom !== undefined) await Promise.any(ofRoom).catch(() => undefined);
  }
}

/** Rejects when the work does, or takes too long. */
function arrivesInTime(work: Promise<unknown>): Promise<void> {
  const arrival = endsWithin(work, PATIENCE_MS).then((isHere) => {
    if (!isHere) throw new Error('The room is not here yet');
  });
  // Mostly nobody waits.
  arrival.catch(() => undefined);
  return arrival;
}
