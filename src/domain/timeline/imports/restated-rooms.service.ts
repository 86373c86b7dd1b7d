import { isAfter, type Position, type Positions, type Reader, type Tx } from '#platform/storage/storage';
import type { RoomInfo } from '../../room-state';
import { RestatedRoomsReader, RestatedRoomsWriter } from './restated-rooms.repository';
import { RESTATED_ROOMS_STREAM } from '../timeline.stream';

/**
 * Rooms whose past turned out to be another than the one that was shown: their states lacked members, and events were in
 * them that the whole state refuses. No new event says so to a client that has seen the room before; it must take the room
 * in anew. All of them are in memory: one for each room that was ever joined by partial state.
 */
export class RestatedRooms {
  private readonly reader: RestatedRoomsReader;
  private known: Promise<Map<number, Position>> | undefined;

  constructor(reader: Reader) {
    this.reader = new RestatedRoomsReader(reader);
  }

  /** Those of the rooms that were restated after `since` and up to `until`. */
  async between(roomNids: readonly number[], since: Positions, until: Positions): Promise<Set<number>> {
    const all = await this.all();
    const isBetween = (position: Position | undefined): boolean =>
      position !== undefined && isAfter(position, since) && !isAfter(position, until);
    return new Set(all.size === 0 ? [] : roomNids.filter((nid) => isBetween(all.get(nid))));
  }

  /** Notes that a room is restated by this transaction. */
  async restated(tx: Tx, { nid: roomNid, roomId }: RoomInfo, position: Position): Promise<void> {
    const all = await this.all();
    await new RestatedRoomsWriter(tx).put(roomNid, position);
    tx.publish({ stream: RESTATED_ROOMS_STREAM, key: roomId, position, payload: { roomNid } });
    tx.afterCommit(() => all.set(roomNid, position));
  }

  private all(): Promise<Map<number, Position>> {
    this.known ??= this.reader.all();
    this.known.catch(() => (this.known = undefined));
    return this.known;
  }
}
