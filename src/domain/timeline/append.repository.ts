import type { Row, Tx } from '#platform/storage/storage';
import type { CurrentStateEntry, RoomInfo, SnapshotNode, StateEntry } from '../room-state';
import { RoomStateWriter, SnapshotWriter, stateMapKey } from '../room-state';
import type { Append } from './append.model';
import { DagWriter } from './dag.repository';
import { GapWriter } from './gap.repository';
import { eventRow } from './event.repository';
import { OWN, type Incoming, type PreparedEvent } from './prepared-event.model';
import type { RoomHead } from './room-head.model';
import { RoomHeadWriter, type RoomHeadRow } from './room-head.repository';
import { NO_PLACE, type StoredEvent } from './timeline.model';
import type { AppendedEvent, AppendParticipant, ResolvedChange } from './timeline.ports';
import { TIMELINE_STREAM } from './timeline.stream';
import { transactionRow } from './transaction.repository';

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

/**
 * Writes prepared appends of many rooms in one transaction, with few multi-row statements: events, edges, state, heads,
 * transaction ids, and what the participants add. Numbers are given here, so that a repeated attempt gets fresh ones.
 */
export class AppendWriter {
  private readonly snapshots: SnapshotWriter;
  private readonly state: RoomStateWriter;
  private readonly dag: DagWriter;
  private readonly moved = new Map<RoomHead, MovedHead>();
  private readonly transactions: Row[] = [];

  constructor(
    private readonly tx: Tx,
    private readonly participants: readonly AppendParticipant[],
    private readonly now: number,
  ) {
    this.snapshots = new SnapshotWriter(tx);
    this.state = new RoomStateWriter(tx);
    this.dag = new DagWriter(tx);
  }

  async write(appends: readonly Append[]): Promise<MovedHead[]> {
    for (const append of appends) await this.place(append);
    const moved = [...this.moved.values()];
    const written = moved.flatMap((room) => room.written);
    await this.insertEvents(written);
    await this.snapshots.flush();
    await this.state.setCurrent(currentEntries(moved));
    await this.moveHeads(moved);
    if (this.transactions.length > 0) await this.tx.insert('event_transactions', this.transactions);
    await this.redact(written);
    await this.tellParticipants(moved, written);
    for (const append of appends) await append.within?.(this.tx, this.moved.get(append.head)!.room);
    for (const { event, incoming } of written) {
      if (event.ordinal === NO_PLACE || incoming?.kind === 'history') continue;
      const { roomId: key, position } = event;
      this.tx.publish({ stream: TIMELINE_STREAM, key, position, payload: { event } });
    }
    return moved;
  }

  private async tellParticipants(moved: readonly MovedHead[], written: readonly WrittenEvent[]): Promise<void> {
    const changed = moved.flatMap((room) => room.changed);
    // What is not shown concerns nobody.
    const shown = written.filter(({ event }) => event.ordinal !== NO_PLACE);
    for (const participant of this.participants) {
      if (changed.length > 0) await participant.stateChanged?.(this.tx, changed);
      if (shown.length > 0) await participant.eventsAppended?.(this.tx, shown);
    }
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
    const moved: MovedHead = { head, room, isNew, snapshot: head.snapshot, written: [], changed: [] };
    this.moved.set(head, moved);
    return moved;
  }

  private async placeEvent(moved: MovedHead, prepared: PreparedEvent): Promise<WrittenEvent> {
    const { pdu, incoming } = prepared;
    const nid = incoming?.outlierNid ?? this.tx.id('event');
    const currentBefore = incoming?.beside?.currentBefore ?? moved.snapshot?.nid ?? 0;
    const { before, after } = await this.placeState(moved, prepared, nid);
    const event: StoredEvent = {
      nid,
      roomNid: moved.room.nid,
      roomId: moved.room.roomId,
      eventId: prepared.eventId,
      ordinal: isPlaced(incoming) ? prepared.ordinal : NO_PLACE,
      position: incoming?.beside?.position ?? this.tx.position(),
      type: pdu.type,
      stateKey: pdu.state_key ?? null,
      sender: pdu.sender,
      originServerTs: pdu.origin_server_ts,
      depth: pdu.depth,
      snapshotBefore: before?.nid ?? 0,
      snapshotAfter: after?.nid ?? 0,
      currentBefore: incoming?.kind === 'history' && prepared.ordinal < 1 ? (before?.nid ?? 0) : currentBefore,
      replacesNid: prepared.replaces?.stored?.nid ?? null,
      redactedByNid: incoming?.redactedBy?.nid ?? null,
      pdu,
    };
    prepared.stored = event;
    prepared.currentAfter = moved.snapshot?.nid ?? 0;
    const changed = incoming?.changed ?? [];
    moved.changed.push(...changed.map((change) => ({ ...change, room: moved.room, position: event.position })));
    const isCurrentState =
      incoming === undefined ? event.stateKey !== null : incoming.current.some(({ eventNid }) => eventNid === OWN);
    const replaced = (incoming === undefined ? prepared.replaces : prepared.replacesCurrent)?.stored;
    const redactedNid = prepared.redacts?.stored?.nid;
    return { prepared, incoming, event, replaced, isCurrentState, redactedNid };
  }

  /** The snapshots before and after an event; moves the room's current one. */
  private async placeState(moved: MovedHead, { pdu, incoming }: PreparedEvent, nid: number) {
    const { type, state_key: stateKey } = pdu;
    const own = stateKey === undefined ? [] : [{ type, stateKey, eventNid: nid }];
    if (incoming === undefined) {
      const before = moved.snapshot;
      moved.snapshot = await this.changed(moved, before, own);
      return { before, after: moved.snapshot };
    }
    const { kind, current } = incoming;
    const before = await this.changed(moved, incoming.before.node, incoming.before.changes);
    const after = kind === 'rejected' ? before : await this.changed(moved, before, own);
    const isShared = incoming.before.node === moved.snapshot && leadsToSame(incoming);
    const numbered = current.map((entry) => (entry.eventNid === OWN ? { ...entry, eventNid: nid } : entry));
    moved.snapshot = isShared ? after : await this.changed(moved, moved.snapshot, numbered);
    return { before, after };
  }

  private async changed(
    { room }: MovedHead,
    node: SnapshotNode | undefined,
    changes: readonly StateEntry[],
  ): Promise<SnapshotNode | undefined> {
    return changes.length === 0 ? node : this.snapshots.append(room.nid, node, changes);
  }

  private async insertEvents(written: readonly WrittenEvent[]): Promise<void> {
    const known = written.filter(({ incoming }) => incoming?.outlierNid !== undefined);
    for (const { event, prepared } of known) {
      await this.tx.run('DELETE FROM events WHERE nid = ?', [event.nid]);
      // The copy that came as state may have been spoilt.
      await this.tx.run('UPDATE event_json SET json = ? WHERE event_nid = ?', [prepared.json, event.nid]);
    }
    const fresh = known.length === 0 ? written : written.filter((one) => !known.includes(one));
    await this.tx.insert(
      'events',
      written.map(({ event, incoming }) =>
        eventRow(event, { rejected: incoming?.kind === 'rejected', softFailed: incoming?.kind === 'soft_failed' }),
      ),
    );
    await this.tx.insert(
      'event_json',
      fresh.map(({ event, prepared }) => ({ event_nid: event.nid, json: prepared.json })),
    );
    const edges = written.flatMap(({ event, prepared }) =>
      prepared.previous.map((previous) => ({ event_nid: event.nid, prev_nid: previous.stored!.nid })),
    );
    if (edges.length > 0) await this.tx.insert('event_edges', edges);
    const authority = fresh.flatMap(({ event, prepared }) =>
      prepared.auth.map((auth) => ({ event_nid: event.nid, auth_nid: auth.stored!.nid })),
    );
    await this.dag.addAuthEdges(authority);
    for (const one of written) if (one.incoming !== undefined) await this.insertBeside(one, one.incoming);
  }

  /** What only events from elsewhere have: gaps before them, gaps that they close, redactions ahead of their targets. */
  private async insertBeside({ event }: WrittenEvent, incoming: Incoming): Promise<void> {
    const { roomNid, nid: eventNid } = event;
    // Nobody reads up to what is not shown: history goes on below what is shown above it.
    const above = event.ordinal === NO_PLACE ? (incoming.beside?.nid ?? eventNid) : eventNid;
    const gaps = new GapWriter(this.tx);
    await gaps.open(
      roomNid,
      incoming.gaps.map((missingId) => ({ eventNid: above, missingId })),
    );
    await gaps.close(roomNid, event.eventId, eventNid);
    const { redactsLater } = incoming;
    if (redactsLater !== undefined) await this.dag.addEarlyRedaction(redactsLater, eventNid);
  }

  private async moveHeads(moved: readonly MovedHead[]): Promise<void> {
    const writer = new RoomHeadWriter(this.tx);
    await writer.moveHeads(moved.map(headRow));
    const extremities = moved.flatMap(({ room, written }): [number, number[]][] => {
      const left = extremitiesAfter(written);
      return left === undefined ? [] : [[room.nid, left]];
    });
    if (extremities.length > 0) await writer.replaceExtremities(new Map(extremities));
  }

  private async redact(written: readonly WrittenEvent[]): Promise<void> {
    for (const { event, redactedNid } of written) {
      if (redactedNid === undefined) continue;
      const sql = 'UPDATE events SET redacted_by_nid = ? WHERE nid = ? AND redacted_by_nid IS NULL';
      await this.tx.run(sql, [event.nid, redactedNid]);
    }
  }
}

/** Whether the state after an event is what the current state becomes, so that one snapshot does for both. */
function leadsToSame({ before, current }: Incoming): boolean {
  const own = current.find((entry) => entry.eventNid === OWN);
  if (own === undefined) return false;
  const keyOf = ({ type, stateKey }: StateEntry): string => stateMapKey(type, stateKey);
  const ahead = new Map(before.changes.map((entry) => [keyOf(entry), entry.eventNid]));
  ahead.delete(keyOf(own));
  const others = current.filter((entry) => entry !== own);
  return others.length === ahead.size && others.every((entry) => ahead.get(keyOf(entry)) === entry.eventNid);
}

function isPlaced(incoming: Incoming | undefined): boolean {
  return incoming === undefined || (incoming.shown && (incoming.kind === 'live' || incoming.kind === 'history'));
}

/**
 * Events of ours follow all extremities there are, so the last one is the only one left; events from elsewhere say what
 * they leave. Undefined when nothing changed.
 */
function extremitiesAfter(written: readonly WrittenEvent[]): number[] | undefined {
  for (const { event, incoming } of written.toReversed()) {
    if (incoming === undefined) return [event.nid];
    if (incoming.extremities !== undefined) return incoming.extremities.map((one) => one.stored!.nid);
  }
  return undefined;
}

function headRow({ head, room, snapshot, written }: MovedHead): RoomHeadRow {
  const last = written.findLast(({ event, incoming }) => event.ordinal !== NO_PLACE && incoming?.kind !== 'history');
  const fallback = { ordinal: head.committedOrdinal, position: head.position ?? written[0]!.event.position };
  const { ordinal, position } = last?.event ?? fallback;
  const depths = written.map(({ event, incoming }) =>
    incoming === undefined || incoming.kind === 'live' ? event.depth : 0,
  );
  return {
    roomNid: room.nid,
    latestOrdinal: ordinal,
    depth: Math.max(head.committedDepth, ...depths),
    snapshotNid: snapshot?.nid ?? 0,
    position,
  };
}

/** The newest entry of each key. */
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
