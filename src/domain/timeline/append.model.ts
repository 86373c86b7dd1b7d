import type { Tx } from '#platform/storage/storage';
import type { RoomInfo } from '../room-state';
import type { PreparedEvent } from './prepared-event.model';
import type { RoomHead } from './room-head.model';
import type { TransactionKey } from './timeline.model';

/** A room that comes into being with its first append; its numeric id is given by the transaction. */
export type NewRoom = Omit<RoomInfo, 'nid'>;

/** Prepared events of one room that are written together or not at all. */
export interface Append {
  readonly head: RoomHead;
  readonly events: readonly PreparedEvent[];
  readonly newRoom?: NewRoom;
  /** The request that the first of the events answers. */
  readonly transaction?: TransactionKey;
  /** Rows that other features write in the same transaction. A throw undoes the append. */
  readonly within?: (tx: Tx, room: RoomInfo) => Promise<void>;
}
