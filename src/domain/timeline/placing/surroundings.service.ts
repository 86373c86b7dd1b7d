import type { Reader } from '#platform/storage/storage';
import type { AuthEvent } from '#protocol/auth-rules/index';
import { authEventIds, prevEventIds, type SignedEvent } from '#protocol/events/index';
import type { RoomInfo } from '../../room-state';
import { isInGraph, type DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventStore } from '../store/event-store.service';
import { MissingEventsError } from './placing.model';
import { toHeadEvent, type HeadEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';

/** What the store has of an event, and of those that it refers to. */
export interface Surroundings {
  readonly known: ReadonlyMap<string, DagEvent>;
  readonly auth: readonly (AuthEvent & { readonly head: HeadEvent })[];
  /** The room's create event. */
  readonly create: AuthEvent | undefined;
}

type Referring = Pick<SignedEvent, 'eventId' | 'pdu'>;

/**
 * What was read at once about several events that are placed in one turn of their room's queue. It answers only while that
 * is sure to hold: whoever gets no answer reads for himself.
 */
export class Glance {
  constructor(
    private readonly rows: ReadonlyMap<string, DagEvent>,
    private readonly authority: ReadonlyMap<string, HeadEvent>,
    /** Events that must be looked at closely: under way, or redacted before they came. */
    private readonly uncertain: Set<string>,
    private readonly create: AuthEvent | undefined,
  ) {}

  /** Whether an event has its place in the room's graph already. */
  knows(room: Pick<RoomInfo, 'nid'>, { eventId }: Referring): boolean {
    return isInGraph(this.rows.get(eventId), room.nid);
  }

  /** What is around an event that is new, and whose authority is here. */
  around(head: RoomHead, { pdu, eventId }: Referring): Surroundings | undefined {
    if (this.rows.has(eventId) || this.uncertain.has(eventId)) return undefined;
    const auth: Surroundings['auth'][number][] = [];
    for (const id of new Set(authEventIds(pdu))) {
      const underWay = head.unfinished(id);
      const one = underWay ?? this.authority.get(id);
      if (one === undefined) return undefined;
      const rejected = this.rows.get(id)?.rejected ?? underWay?.incoming?.kind === 'rejected';
      auth.push({ pdu: one.pdu, eventId: id, rejected, head: one });
    }
    return { known: this.rows, auth, create: this.create };
  }

  /** Told of each event that was placed. A redaction may concern those that come after it. */
  placed({ pdu, eventId }: Referring, all: readonly Referring[]): void {
    this.uncertain.add(eventId);
    if (pdu.type === 'm.room.redaction') for (const other of all) this.uncertain.add(other.eventId);
  }
}

/** Reads what is known around events that are to be placed. */
export class SurroundingsReader {
  private readonly dag: DagReader;

  constructor(
    reader: Reader,
    private readonly heads: RoomHeads,
    private readonly events: EventStore,
  ) {
    this.dag = new DagReader(reader);
  }

  /** Three statements at most, for all. */
  async glance(head: RoomHead, events: readonly Referring[]): Promise<Glance> {
    const ids = events.map((event) => event.eventId);
    const authIds = [...new Set(events.flatMap((event) => authEventIds(event.pdu)))];
    const uncertain = new Set(ids.filter((id) => head.unfinished(id) !== undefined));
    const committed = authIds.filter((id) => head.unfinished(id) === undefined);
    const rows = new Map((await this.dag.byIds([...ids, ...committed])).map((row) => [row.eventId, row]));
    for (const { targetId } of await this.dag.earlyRedactions(ids)) uncertain.add(targetId);
    const authority = await this.headEvents(committed, rows);
    return new Glance(rows, authority, uncertain, await this.createOf(head));
  }

  /**
   * The same for one event, when nothing of the room is under way. Two statements at most.
   * @throws MissingEventsError when events that it names as its authority are not here
   */
  async of(head: RoomHead, { pdu, eventId }: Referring): Promise<Surroundings> {
    const authIds = [...new Set(authEventIds(pdu))];
    const rows = await this.dag.byIds([eventId, ...prevEventIds(pdu), ...authIds]);
    const known = new Map(rows.map((row) => [row.eventId, row]));
    const missing = authIds.filter((id) => !known.has(id));
    if (missing.length > 0) throw new MissingEventsError(missing);
    const stored = await this.headEvents(authIds, known);
    const auth = authIds.map((id) => {
      const one = stored.get(id)!;
      return { pdu: one.pdu, eventId: id, rejected: known.get(id)!.rejected, head: one };
    });
    return { known, auth, create: await this.createOf(head) };
  }

  private async headEvents(
    ids: readonly string[],
    rows: ReadonlyMap<string, DagEvent>,
  ): Promise<Map<string, HeadEvent>> {
    const found = await this.events.events(ids.flatMap((id) => rows.get(id)?.nid ?? []));
    return new Map(found.map((event) => [event.eventId, toHeadEvent(event)]));
  }

  private async createOf(head: RoomHead): Promise<AuthEvent | undefined> {
    const create = await this.heads.state(head, 'm.room.create', '');
    return create && { pdu: create.pdu, eventId: create.eventId, rejected: false };
  }
}
