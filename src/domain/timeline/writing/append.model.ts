import type { Tx } from '#platform/storage/storage';
import {
  stateMapKey,
  type CurrentStateEntry,
  type RoomInfo,
  type SnapshotNode,
  type StateEntry,
} from '../../room-state';
import { OWN, type Incoming, type PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeadRow } from '../store/room-head.repository';
import { NO_PLACE, type StoredEvent, type TransactionKey } from '../timeline.model';
import type { AppendedEvent, ResolvedChange } from '../timeline.ports';

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

/** One event as written, with what the caches need of it. */
export interface WrittenEvent extends AppendedEvent {
  readonly prepared: PreparedEvent;
  readonly incoming: Incoming | undefined;
}

/** Where one room stands after the transaction. */
export interface MovedHead {
  readonly head: RoomHead;
  readonly room: RoomInfo;
  readonly isNew: boolean;
  snapshot: SnapshotNode | undefined;
  readonly written: WrittenEvent[];
  readonly changed: ResolvedChange[];
}

/** Whether an event is shown in the room's order: at its end, or in its history. */
export function hasPlace(incoming: Incoming | undefined): boolean {
  return incoming === undefined || (incoming.shown && (incoming.kind === 'live' || incoming.kind === 'history'));
}

/** Whether an event took a place at the end of the order, so that it is news. */
export function isNews({ event, incoming }: Pick<WrittenEvent, 'event' | 'incoming'>): boolean {
  return event.ordinal !== NO_PLACE && incoming?.kind !== 'history';
}

/** The newest event that took a place at the end of the order. */
export function newestOf(written: readonly WrittenEvent[]): StoredEvent | undefined {
  return written.findLast(isNews)?.event;
}

/** How deep a room is with some events: those that are live make it deeper. */
export function depthAfter({ committedDepth }: RoomHead, written: readonly WrittenEvent[]): number {
  const live = written.filter(({ incoming }) => incoming === undefined || incoming.kind === 'live');
  return Math.max(committedDepth, ...live.map(({ event }) => event.depth));
}

/**
 * Events of ours follow all extremities there are, so the last one is the only one left; events from elsewhere say what
 * they leave. Undefined when nothing changed.
 */
export function extremitiesAfter(written: readonly WrittenEvent[]): number[] | undefined {
  for (const { event, incoming } of written.toReversed()) {
    if (incoming === undefined) return [event.nid];
    if (incoming.extremities !== undefined) return incoming.extremities.map((one) => one.stored!.nid);
  }
  return undefined;
}

/** Where the room stands, as it is to be stored. */
export function headRow({ head, room, snapshot, written }: MovedHead): RoomHeadRow {
  const fallback = { ordinal: head.committedOrdinal, position: head.position ?? written[0]!.event.position };
  const { ordinal, position } = newestOf(written) ?? fallback;
  return {
    roomNid: room.nid,
    latestOrdinal: ordinal,
    depth: depthAfter(head, written),
    snapshotNid: snapshot?.nid ?? 0,
    position,
  };
}

/** The newest entry of each key of the rooms' current states. */
export function currentEntries(moved: readonly MovedHead[]): CurrentStateEntry[] {
  const entries = new Map<string, CurrentStateEntry>();
  const put = (roomNid: number, { type, stateKey, eventNid }: StateEntry): unknown =>
    entries.set(`${roomNid}/${stateMapKey(type, stateKey)}`, { roomNid, type, stateKey, eventNid });
  for (const { room, written } of moved) {
    for (const { event, incoming, isCurrentState } of written) {
      const { type, stateKey, nid: eventNid } = event;
      for (const entry of incoming?.current ?? []) if (entry.eventNid !== OWN) put(room.nid, entry);
      if (isCurrentState && stateKey !== null) put(room.nid, { type, stateKey, eventNid });
    }
  }
  return [...entries.values()];
}
