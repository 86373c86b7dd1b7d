import type { Reader, Tx } from '#platform/storage/storage';
import { redactsOf, type Pdu } from '#protocol/events/index';
import { roomVersion } from '#protocol/room-versions';
import type { RoomInfo } from '../../room-state';
import type { EventJudge } from '../placing/event-judge.service';
import type { EventStore } from '../store/event-store.service';
import { RestatedEventsReader, RestatedEventsWriter } from './restated-events.repository';
import type { StoredEvent } from '../timeline.model';
import type { AppendParticipant, Withdrawal } from '../timeline.ports';

/** Events that are taken out of a room, and what of others they had changed. */
export interface Undoing extends Withdrawal {
  /** By which other redaction those are redacted that were by one which is taken out; undefined: by none, they are restored. */
  readonly redactedBy: ReadonlyMap<StoredEvent, number | undefined>;
}

/** Takes events out of their room that were shown, and undoes what they did. */
export class Withdrawals {
  private readonly restated: RestatedEventsReader;

  constructor(
    reader: Reader,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
  ) {
    this.restated = new RestatedEventsReader(reader);
  }

  /** What there is to undo. Only reads. */
  async undoing(room: RoomInfo, refused: ReadonlySet<number>): Promise<Undoing> {
    const events = await this.events.events([...refused]);
    const targets = await this.targetsOf(room, events);
    const redactedBy = new Map<StoredEvent, number | undefined>();
    const others = targets.length === 0 ? [] : await this.otherRedactions(room, refused);
    for (const target of targets) redactedBy.set(target, await this.otherOf(room, target, others));
    const restored = targets.filter((target) => redactedBy.get(target) === undefined);
    return { room, events, restored, redactedBy };
  }

  /** Writes that; the caches know it with the commit. */
  async write(tx: Tx, undoing: Undoing, participants: readonly AppendParticipant[]): Promise<void> {
    const { events, redactedBy } = undoing;
    if (events.length === 0) return;
    const writer = new RestatedEventsWriter(tx);
    for (const { nid } of events) await writer.reject(nid);
    for (const [{ nid }, by] of redactedBy) await writer.redactedBy(nid, by);
    for (const participant of participants) await participant.eventsWithdrawn?.(tx, undoing);
    tx.afterCommit(() => {
      events.forEach((event) => this.events.withdrawn(event));
      for (const { nid } of redactedBy.keys()) this.events.redacted(nid);
    });
  }

  /** The events that are redacted by those that are taken out. */
  private async targetsOf(room: RoomInfo, events: readonly StoredEvent[]): Promise<StoredEvent[]> {
    const version = roomVersion(room.version);
    const ids = events.flatMap(({ pdu }) => redactsOf(version, pdu as Pdu) ?? []);
    const refused = new Set(events.map((event) => event.nid));
    const targets = [...(await this.events.byIds([...new Set(ids)])).values()];
    return targets.filter((target) => target.redactedByNid !== null && refused.has(target.redactedByNid));
  }

  private async otherRedactions(room: RoomInfo, refused: ReadonlySet<number>): Promise<StoredEvent[]> {
    const nids = await this.restated.redactionsShown(room.nid);
    return this.events.events(nids.filter((nid) => !refused.has(nid)));
  }

  /** A redaction that had nothing left to do. */
  private async otherOf(
    room: RoomInfo,
    target: StoredEvent,
    others: readonly StoredEvent[],
  ): Promise<number | undefined> {
    const version = roomVersion(room.version);
    for (const { nid, pdu, snapshotBefore } of others) {
      if (redactsOf(version, pdu as Pdu) !== target.eventId) continue;
      if (await this.judge.redacts(version, pdu as Pdu, target.pdu as Pdu, snapshotBefore)) return nid;
    }
    return undefined;
  }
}
