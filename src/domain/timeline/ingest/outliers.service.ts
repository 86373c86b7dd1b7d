import type { Storage, Tx } from '#platform/storage/storage';
import type { AuthEvent } from '#protocol/auth-rules/index';
import { authEventIds, isCreateEvent, type InspectedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import type { RoomInfo } from '../../room-state';
import { DagReader, DagWriter } from '../store/dag.repository';
import type { EventJudge } from '../placing/event-judge.service';
import { eventRow } from '../store/event.repository';
import type { EventStore } from '../store/event-store.service';
import { Redactions } from '../placing/redactions.service';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import { NO_PLACE, UNKNOWN_STATE, type StoredEvent } from '../timeline.model';
import { inAuthOrder } from './lineage.model';

/** An outlier, known before or now. */
export interface Outlier extends AuthEvent {
  readonly nid: number;
}

interface Judged {
  readonly event: InspectedEvent;
  readonly rejected: boolean;
  readonly auth: readonly string[];
}

/**
 * Events that are known without what came before them: authority and state from other servers. They are judged by their own
 * auth events, kept, and shown to nobody until their history arrives, unless they are state.
 */
export class Outliers {
  private readonly dag: DagReader;
  private readonly redactions: Redactions;

  constructor(
    private readonly storage: Storage,
    private readonly heads: RoomHeads,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
  ) {
    this.dag = new DagReader(storage);
    this.redactions = new Redactions(storage, events, judge);
  }

  /**
   * Takes verified events of one room, in any order; all that are known afterwards, by id. Those whose auth events are
   * neither known nor among them cannot be judged and are left out.
   */
  async take(room: RoomInfo, version: RoomVersion, events: readonly InspectedEvent[]): Promise<Map<string, Outlier>> {
    // In the room's queue: an event that is being placed must not be kept as an outlier too.
    return this.heads.inQueue(room, (head) => this.takeAll(head, room, version, events), { settled: true });
  }

  private async takeAll(
    head: RoomHead,
    room: RoomInfo,
    version: RoomVersion,
    events: readonly InspectedEvent[],
  ): Promise<Map<string, Outlier>> {
    const given = new Map(events.map((event) => [event.eventId, event]));
    const known = await this.known(room, given);
    const fresh = inAuthOrder(given).filter((event) => !known.has(event.eventId));
    const create = (await this.create(room)) ?? this.createAmong(given, known);
    const judged = this.judgeAll(version, fresh, known, create);
    const redactions = await this.redactions.aheadOf(head, fresh);
    await this.store(room, judged, known, redactions);
    return known;
  }

  /** Those of the ids that are in the store, whatever they are there. */
  async stored(room: Pick<RoomInfo, 'nid'>, eventIds: readonly string[]): Promise<Map<string, Outlier>> {
    const rows = (await this.dag.byIds(eventIds)).filter((row) => row.roomNid === room.nid);
    const events = new Map((await this.events.events(rows.map((row) => row.nid))).map((event) => [event.nid, event]));
    return new Map(
      rows.map(({ nid, eventId, rejected }) => [
        eventId,
        { nid, eventId, rejected, pdu: events.get(nid)!.pdu as AuthEvent['pdu'] },
      ]),
    );
  }

  private known(room: RoomInfo, given: ReadonlyMap<string, InspectedEvent>): Promise<Map<string, Outlier>> {
    const ids = new Set(given.keys());
    for (const { pdu } of given.values()) for (const id of authEventIds(pdu)) ids.add(id);
    return this.stored(room, [...ids]);
  }

  private judgeAll(
    version: RoomVersion,
    fresh: readonly InspectedEvent[],
    known: ReadonlyMap<string, AuthEvent>,
    create: AuthEvent | undefined,
  ): Judged[] {
    const judged = new Map<string, Judged>();
    const find = (id: string): AuthEvent | undefined => {
      const here = judged.get(id);
      return here === undefined ? known.get(id) : { ...here.event, rejected: here.rejected };
    };
    for (const event of fresh) {
      const auth = [...new Set(authEventIds(event.pdu))];
      const authEvents = auth.map(find);
      if (authEvents.some((one) => one === undefined)) continue;
      const verdict = this.judge.byAuthEvents(version, event, authEvents as AuthEvent[], create);
      judged.set(event.eventId, { event, rejected: verdict !== undefined, auth });
    }
    return [...judged.values()];
  }

  private createAmong(
    given: ReadonlyMap<string, InspectedEvent>,
    known: ReadonlyMap<string, AuthEvent>,
  ): AuthEvent | undefined {
    const create = [...given.values()].find((event) => isCreateEvent(event.pdu));
    return create === undefined
      ? [...known.values()].find((event) => isCreateEvent(event.pdu))
      : { ...create, rejected: false };
  }

  private async create(room: RoomInfo): Promise<AuthEvent | undefined> {
    const sql = `SELECT nid FROM events WHERE room_nid = ? AND type = 'm.room.create' AND state_key = '' LIMIT 1`;
    const current = await this.storage.get<{ event_nid: number }>(
      `SELECT event_nid FROM room_current_state WHERE room_nid = ? AND type = 'm.room.create' AND state_key = ''`,
      [room.nid],
    );
    const nid = current?.event_nid ?? (await this.storage.get<{ nid: number }>(sql, [room.nid]))?.nid;
    const event = await this.events.event(nid);
    return event && { pdu: event.pdu as AuthEvent['pdu'], eventId: event.eventId, rejected: false };
  }

  private async store(
    room: RoomInfo,
    judged: readonly Judged[],
    known: Map<string, Outlier>,
    redactions: ReadonlyMap<string, StoredEvent>,
  ): Promise<void> {
    if (judged.length === 0) return;
    const written = await this.storage.write((tx) => this.write(tx, room, judged, known, redactions));
    for (const one of written) known.set(one.eventId, one);
  }

  /** In the room's queue, so that only another room can have taken an id meanwhile: its sender's choice, in old versions. */
  private async write(
    tx: Tx,
    room: RoomInfo,
    judged: readonly Judged[],
    known: ReadonlyMap<string, Outlier>,
    redactions: ReadonlyMap<string, StoredEvent>,
  ): Promise<Outlier[]> {
    const writer = new DagWriter(tx);
    const taken = new Set((await writer.byIds(judged.map(({ event }) => event.eventId))).map((row) => row.eventId));
    const nids = new Map([...known.values()].map((one) => [one.eventId, one.nid]));
    const outliers: Outlier[] = [];
    const fresh: { readonly stored: StoredEvent; readonly one: Judged }[] = [];
    for (const one of judged) {
      const { eventId, pdu } = one.event;
      if (taken.has(eventId)) continue;
      const nid = tx.id('event');
      nids.set(eventId, nid);
      outliers.push({ nid, eventId, pdu, rejected: one.rejected });
      fresh.push({ stored: outlierOf(room, nid, one.event, redactions.get(eventId)), one });
    }
    await tx.insert(
      'events',
      fresh.map(({ stored, one }) => eventRow(stored, { rejected: one.rejected })),
    );
    await tx.insert(
      'event_json',
      fresh.map(({ stored, one }) => ({ event_nid: stored.nid, json: one.event.json })),
    );
    const edges = fresh.flatMap(({ stored, one }) =>
      stored.stateKey === null ? [] : one.auth.flatMap((id) => edgeTo(stored, nids.get(id))),
    );
    await writer.addAuthEdges(edges);
    return outliers;
  }
}

/** Authority whose id was taken in another room is none. */
function edgeTo({ nid }: StoredEvent, authNid: number | undefined): { event_nid: number; auth_nid: number }[] {
  return authNid === undefined ? [] : [{ event_nid: nid, auth_nid: authNid }];
}

function outlierOf(
  room: RoomInfo,
  nid: number,
  { eventId, pdu }: InspectedEvent,
  redactedBy: StoredEvent | undefined,
): StoredEvent {
  return {
    nid,
    roomNid: room.nid,
    roomId: room.roomId,
    eventId,
    ordinal: NO_PLACE,
    position: { writer: 0, pos: 0 },
    type: pdu.type,
    stateKey: pdu.state_key ?? null,
    sender: pdu.sender,
    originServerTs: pdu.origin_server_ts,
    depth: pdu.depth,
    snapshotBefore: UNKNOWN_STATE,
    snapshotAfter: UNKNOWN_STATE,
    currentBefore: UNKNOWN_STATE,
    replacesNid: null,
    redactedByNid: redactedBy?.nid ?? null,
    pdu,
  };
}
