import type { Reader } from '#platform/storage/storage';
import type { AuthEvent } from '#protocol/auth-rules/index';
import { authEventIds, prevEventIds, type SignedEvent } from '#protocol/events/index';
import { DagReader, type DagEvent } from './dag.repository';
import type { EventStore } from './event-store.service';
import { MissingEventsError } from './placing.model';
import type { HeadEvent, RoomHead } from './room-head.model';
import { toHeadEvent, type RoomHeads } from './room-heads.service';

/** What the store has of an event, and of those that it refers to. */
export interface Surroundings {
  readonly known: ReadonlyMap<string, DagEvent>;
  readonly auth: readonly (AuthEvent & { readonly head: HeadEvent })[];
  /** The room's create event. */
  readonly create: AuthEvent | undefined;
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

  /** Two statements at most. @throws MissingEventsError when events that it names as its authority are not here */
  async of(head: RoomHead, { pdu, eventId }: SignedEvent): Promise<Surroundings> {
    const authIds = [...new Set(authEventIds(pdu))];
    const underWay = new Map(authIds.flatMap((id) => [[id, head.unfinished(id)] as const]).filter(([, one]) => one));
    const rows = await this.dag.byIds([eventId, ...prevEventIds(pdu), ...authIds.filter((id) => !underWay.has(id))]);
    const known = new Map(rows.map((row) => [row.eventId, row]));
    const missing = authIds.filter((id) => !known.has(id) && !underWay.has(id));
    if (missing.length > 0) throw new MissingEventsError(missing);
    const stored = await this.events.events(authIds.flatMap((id) => known.get(id)?.nid ?? []));
    const byId = new Map(stored.map((one) => [one.eventId, toHeadEvent(one)]));
    const auth = authIds.map((id) => {
      const one = underWay.get(id) ?? byId.get(id)!;
      return { pdu: one.pdu, eventId: id, rejected: known.get(id)?.rejected ?? false, head: one };
    });
    const create = await this.heads.state(head, 'm.room.create', '');
    return { known, auth, create: create && { pdu: create.pdu, eventId: create.eventId, rejected: false } };
  }
}
