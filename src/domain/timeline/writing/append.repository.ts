import type { Row, Tx } from '#platform/storage/storage';
import { RoomStateWriter } from '../../room-state';
import { AppendEvents } from './append-events.repository';
import { AppendStates } from './append-states.repository';
import {
  currentEntries,
  extremitiesAfter,
  hasPlace,
  headRow,
  isNews,
  type Append,
  type MovedHead,
  type WrittenEvent,
} from './append.model';
import { OWN, unfollowedBy, type PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import { RoomHeadWriter } from '../store/room-head.repository';
import { NO_PLACE, type StoredEvent } from '../timeline.model';
import type { AppendParticipant } from '../timeline.ports';
import { TIMELINE_STREAM } from '../timeline.stream';
import { transactionRow } from './transaction.repository';

/**
 * Writes prepared appends of many rooms in one transaction, with few multi-row statements: events, edges, state, heads,
 * transaction ids, and what the participants add. Numbers are given here, so that a repeated attempt gets fresh ones.
 */
export class AppendWriter {
  private readonly states: AppendStates;
  private readonly state: RoomStateWriter;
  private readonly events: AppendEvents;
  private readonly moved = new Map<RoomHead, MovedHead>();
  private readonly transactions: Row[] = [];

  constructor(
    private readonly tx: Tx,
    private readonly participants: readonly AppendParticipant[],
    private readonly now: number,
  ) {
    this.states = new AppendStates(tx);
    this.state = new RoomStateWriter(tx);
    this.events = new AppendEvents(tx);
  }

  async write(appends: readonly Append[]): Promise<MovedHead[]> {
    for (const append of appends) await this.place(append);
    const moved = [...this.moved.values()];
    const written = moved.flatMap((room) => room.written);
    await this.events.insert(written);
    await this.states.flush();
    await this.state.setCurrent(currentEntries(moved));
    await this.moveHeads(moved);
    if (this.transactions.length > 0) await this.tx.insert('event_transactions', this.transactions);
    await this.events.redact(written);
    await this.tellParticipants(moved, written);
    for (const append of appends) await append.within?.(this.tx, this.moved.get(append.head)!.room);
    for (const { event } of written.filter(isNews)) {
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
    const { before, after } = await this.states.around(moved, prepared, nid);
    const event: StoredEvent = {
      nid,
      roomNid: moved.room.nid,
      roomId: moved.room.roomId,
      eventId: prepared.eventId,
      ordinal: hasPlace(incoming) ? prepared.ordinal : NO_PLACE,
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
    return { prepared, incoming, event, replaced, isCurrentState, redactedNid, unfollowed: unfollowedBy(prepared) };
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
}
