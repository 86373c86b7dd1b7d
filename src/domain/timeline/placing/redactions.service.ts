import type { Reader } from '#platform/storage/storage';
import { isEventIdOf, redactsOf, type Pdu, type SignedEvent } from '#protocol/events/index';
import type { DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from '../store/event-store.service';
import { toHeadEvent, type HeadEvent, type StateBase } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import { UNKNOWN_STATE, type StoredEvent } from '../timeline.model';

export interface Redaction {
  readonly target: HeadEvent | undefined;
  readonly later: string | undefined;
}

export const NO_REDACTION: Redaction = { target: undefined, later: undefined };

/** Redactions from elsewhere, in whatever order they and their targets come. Spec: "Handling redactions". SECURITY: row 10. */
export class Redactions {
  private readonly dag: DagReader;

  constructor(
    reader: Reader,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
  ) {
    this.dag = new DagReader(reader);
  }

  /** What a redaction does to its target: nothing, something, or something once the target comes. */
  async of(head: RoomHead, pdu: Pdu, before: StateBase): Promise<Redaction> {
    const targetId = redactsOf(head.version, pdu);
    // What is no id will never come, and may be as long as an event.
    if (!isEventIdOf(head.version, targetId)) return NO_REDACTION;
    const [row] = await this.dag.byIds([targetId]);
    if (row === undefined) return { target: undefined, later: targetId };
    const target = row.roomNid === head.room!.nid ? await this.events.event(row.nid) : undefined;
    const takes = target !== undefined && (await this.judge.redacts(head.version, pdu, target.pdu as Pdu, before));
    return takes ? { target: toHeadEvent(target), later: undefined } : NO_REDACTION;
  }

  /** A redaction that came before its target and has the right to take it. */
  async ahead(head: RoomHead, event: Pick<SignedEvent, 'eventId' | 'pdu'>): Promise<StoredEvent | undefined> {
    return (await this.aheadOf(head, [event])).get(event.eventId);
  }

  /** The same for several targets. One statement when there are none, as nearly always. */
  async aheadOf(
    head: RoomHead,
    events: readonly Pick<SignedEvent, 'eventId' | 'pdu'>[],
  ): Promise<ReadonlyMap<string, StoredEvent>> {
    const taken = new Map<string, StoredEvent>();
    const early = await this.dag.earlyRedactions(events.map((event) => event.eventId));
    if (early.length === 0) return taken;
    const targets = new Map(events.map((event) => [event.eventId, event.pdu]));
    const redactions = new Map((await this.dag.byNids(early.map((one) => one.eventNid))).map((row) => [row.nid, row]));
    for (const { targetId, eventNid } of early) {
      const row = redactions.get(eventNid);
      if (taken.has(targetId) || row === undefined || !isInForce(row, head.room!.nid)) continue;
      const redaction = (await this.events.event(eventNid))!;
      const target = targets.get(targetId)!;
      const takes = await this.judge.redacts(head.version, redaction.pdu as Pdu, target, row.snapshotBefore);
      if (takes) taken.set(targetId, redaction);
    }
    return taken;
  }
}

function isInForce({ roomNid, rejected, softFailed, snapshotBefore }: DagEvent, room: number): boolean {
  return roomNid === room && !rejected && !softFailed && snapshotBefore !== UNKNOWN_STATE;
}
