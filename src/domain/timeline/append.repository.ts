import type { Row, Tx } from '#platform/storage/storage';
import type { RoomInfo, SnapshotNode } from '../room-state';
import { RoomStateWriter, SnapshotWriter } from '../room-state';
import type { Append } from './append.model';
import { eventRow } from './event.repository';
import type { PreparedEvent, RoomHead } from './room-head.model';
import { RoomHeadWriter, type RoomHeadRow } from './room-head.repository';
import type { StoredEvent } from './timeline.model';
import type { AppendedEvent, AppendParticipant } from './timeline.ports';
import { TIMELINE_STREAM } from './timeline.stream';
import { transactionRow } from './transaction.repository';

/** One event as written, with what the caches need of it. */
export interface WrittenEvent extends AppendedEvent {
  readonly prepared: PreparedEvent;
}

/** Where one room stands after the transaction. */
export interface MovedHead {
  readonly head: RoomHead;
  readonly room: RoomInfo;
  readonly isNew: boolean;
  snapshot: SnapshotNode | undefined;
  readonly written: WrittenEvent[];
}

/**
 * Writes prepared appends of many rooms in one transaction, with few multi-row statements: events, edges, state, heads,
 * transaction ids, and what the participants add. Numbers are given here, so that a repeated attempt gets fresh ones.
 */
export class AppendWriter {
  private readonly snapshots: SnapshotWriter;
  private readonly state: RoomStateWriter;
  private readonly moved = new Map<RoomHead, MovedHead>();
  private readonly transactions: Row[] = [];

  constructor(
    private readonly tx: Tx,
    private readonly participants: readonly AppendParticipant[],
    private readonly now: number,
  ) {
    this.snapshots = new SnapshotWriter(tx);
    this.state = new RoomStateWriter(tx);
  }

  async write(appends: readonly Append[]): Promise<MovedHead[]> {
    for (const append of appends) await this.place(append);
    const moved = [...this.moved.values()];
    const written = moved.flatMap((room) => room.written);
    await this.insertEvents(written);
    await this.snapshots.flush();
    await this.state.setCurrent(currentEntries(written));
    await this.moveHeads(moved);
    if (this.transactions.length > 0) await this.tx.insert('event_transactions', this.transactions);
    await this.redact(written);
    for (const participant of this.participants) await participant.eventsAppended(this.tx, written);
    for (const append of appends) await append.within?.(this.tx, this.moved.get(append.head)!.room);
    for (const { event } of written) {
      const { roomId: key, position } = event;
      this.tx.publish({ stream: TIMELINE_STREAM, key, position, payload: { event } });
    }
    return moved;
  }

  /** Gives numbers, positions and states to the events of one append. */
  private async place(append: Append): Promise<void> {
    const moved = await this.movedHead(append);
    for (const prepared of append.events) moved.written.push(await this.placeEvent(moved, prepared));
    const [first] = append.events;
    if (append.transaction === undefined || first === undefined) return;
    this.transactions.push(transactionRow(append.transaction, first.stored!.nid, this.now));
  }

  private async movedHead({ head, newRoom }: Append): Promise<MovedHead> {
    const known = this.moved.get(head);
    if (known !== undefined) return known;
    const isNew = newRoom !== undefined;
    const room = isNew ? { ...newRoom, nid: this.tx.id('room') } : head.room!;
    if (isNew) await this.state.addRoom(room);
    const moved: MovedHead = { head, room, isNew, snapshot: head.snapshot, written: [] };
    this.moved.set(head, moved);
    return moved;
  }

  private async placeEvent(moved: MovedHead, prepared: PreparedEvent): Promise<WrittenEvent> {
    const { pdu } = prepared;
    const event: StoredEvent = {
      nid: this.tx.id('event'),
      roomNid: moved.room.nid,
      roomId: moved.room.roomId,
      eventId: prepared.eventId,
      ordinal: prepared.ordinal,
      position: this.tx.position(),
      type: pdu.type,
      stateKey: pdu.state_key ?? null,
      sender: pdu.sender,
      originServerTs: pdu.origin_server_ts,
      depth: pdu.depth,
      snapshotBefore: moved.snapshot?.nid ?? 0,
      replacesNid: prepared.replaces?.stored?.nid ?? null,
      redactedByNid: null,
      pdu,
    };
    prepared.stored = event;
    if (event.stateKey !== null) {
      const change = { type: event.type, stateKey: event.stateKey, eventNid: event.nid };
      moved.snapshot = await this.snapshots.append(moved.room.nid, moved.snapshot, [change]);
    }
    const replaced = prepared.replaces?.stored;
    const redactedNid = prepared.redacts?.stored?.nid;
    return { prepared, event, replaced, isCurrentState: event.stateKey !== null, redactedNid };
  }

  private async insertEvents(written: readonly WrittenEvent[]): Promise<void> {
    await this.tx.insert(
      'events',
      written.map(({ event }) => eventRow(event)),
    );
    await this.tx.insert(
      'event_json',
      written.map(({ event, prepared }) => ({ event_nid: event.nid, json: prepared.json })),
    );
    const edges = written.flatMap(({ event, prepared }) =>
      prepared.previous.map((previous) => ({ event_nid: event.nid, prev_nid: previous.stored!.nid })),
    );
    if (edges.length > 0) await this.tx.insert('event_edges', edges);
  }

  private async moveHeads(moved: readonly MovedHead[]): Promise<void> {
    const writer = new RoomHeadWriter(this.tx);
    await writer.moveHeads(moved.map(headRow));
    // Events of ours follow all extremities there are, so the last one is the only one left.
    await writer.replaceExtremities(new Map(moved.map(({ room, written }) => [room.nid, [written.at(-1)!.event.nid]])));
  }

  private async redact(written: readonly WrittenEvent[]): Promise<void> {
    for (const { event, redactedNid } of written) {
      if (redactedNid === undefined) continue;
      const sql = 'UPDATE events SET redacted_by_nid = ? WHERE nid = ? AND redacted_by_nid IS NULL';
      await this.tx.run(sql, [event.nid, redactedNid]);
    }
  }
}

function headRow({ room, snapshot, written }: MovedHead): RoomHeadRow {
  const last = written.at(-1)!.event;
  return {
    roomNid: room.nid,
    latestOrdinal: last.ordinal,
    depth: last.depth,
    snapshotNid: snapshot?.nid ?? 0,
    position: last.position,
  };
}

/** The newest entry of each key. */
export function currentEntries(written: readonly WrittenEvent[]) {
  const entries = new Map<string, { roomNid: number; type: string; stateKey: string; eventNid: number }>();
  for (const { event, isCurrentState } of written) {
    if (!isCurrentState || event.stateKey === null) continue;
    const { roomNid, type, stateKey, nid: eventNid } = event;
    entries.set(`${roomNid}/${type.length}:${type}${stateKey}`, { roomNid, type, stateKey, eventNid });
  }
  return [...entries.values()];
}
