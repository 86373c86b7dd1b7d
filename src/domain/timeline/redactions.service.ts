import type { Reader } from '#platform/storage/storage';
import { redactsOf, type Pdu, type SignedEvent } from '#protocol/events/index';
import { DagReader } from './dag.repository';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from './event-store.service';
import type { HeadEvent, RoomHead, StateBase } from './room-head.model';
import { toHeadEvent } from './room-heads.service';
import { UNKNOWN_STATE, type StoredEvent } from './timeline.model';

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
    if (targetId === undefined) return NO_REDACTION;
    const [row] = await this.dag.byIds([targetId]);
    if (row === undefined) return { target: undefined, later: targetId };
    const target = row.roomNid === head.room!.nid ? await this.events.event(row.nid) : undefined;
    const takes = target !== undefined && (await this.judge.redacts(head.version, pdu, target.pdu as Pdu, before));
    return takes ? { target: toHeadEvent(target), later: undefined } : NO_REDACTION;
  }

  /** A redaction that came before its target and has the right to take it. */
  async ahead(head: RoomHead, event: SignedEvent): Promise<StoredEvent | undefined> {
    const early = await this.dag.earlyRedactions([event.eventId]);
    for (const { nid, roomNid, rejected, softFailed, snapshotBefore } of await this.dag.byNids(
      early.map((one) => one.eventNid),
    )) {
      if (roomNid !== head.room!.nid || rejected || softFailed || snapshotBefore === UNKNOWN_STATE) continue;
      const redaction = await this.events.event(nid);
      const takes =
        redaction && (await this.judge.redacts(head.version, redaction.pdu as Pdu, event.pdu, snapshotBefore));
      if (takes === true) return redaction;
    }
    return undefined;
  }
}
