import { BadJsonError, ForbiddenError, NotFoundError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import type { Storage } from '#platform/storage/storage';
import { creatorsOf } from '#protocol/auth-rules/index';
import { createEventIdOf, isCreateEvent, prevEventIds, roomVersionOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { RoomStateWriter, stateMapKey, type RoomInfo, type RoomState, type StateEntry } from '../room-state';
import { DagReader } from './dag.repository';
import { PartialRoomWriter } from './partial-room.repository';
import type { Committer } from './committer.service';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from './event-store.service';
import type { IncomingChecks } from './incoming-checks.service';
import type { PartialRoom, RoomImport, StateCompletion, VerifiedEvent } from './ingest.model';
import type { RoomImporting } from './ingest.ports';
import type { MissingEvents } from './missing-events.service';
import type { Outlier } from './outliers.service';
import type { PartialStates } from './partial-states.service';
import { OWN, toHeadEvent, type Incoming, type PreparedEvent, type StateBase } from './prepared-event.model';
import type { RoomHead } from './room-head.model';
import type { RestatedRooms } from './restated-rooms.service';
import type { RoomPlaces } from './room-places.service';
import type { RoomHeads } from './room-heads.service';
import { StateChanges } from './state-changes.service';
import { StateCompletions } from './state-completions.service';
import type { StateView } from './state-view.model';
import { UNKNOWN_STATE, type StoredEvent } from './timeline.model';

export interface RoomImportParts {
  readonly serverName: string;
  readonly storage: Storage;
  readonly rooms: RoomState;
  readonly heads: RoomHeads;
  readonly events: EventStore;
  readonly judge: EventJudge;
  readonly checks: IncomingChecks;
  readonly missing: MissingEvents;
  readonly partial: PartialStates;
  readonly committer: Committer;
  readonly places: RoomPlaces;
  readonly restated: RestatedRooms;
}

/** Rooms that come from other servers, whole. Spec: server-server, "Joining Rooms". */
export class RoomImports implements RoomImporting {
  private readonly dag: DagReader;
  private readonly completions: StateCompletions;
  private readonly changes: StateChanges;

  constructor(private readonly parts: RoomImportParts) {
    this.dag = new DagReader(parts.storage);
    this.completions = new StateCompletions(parts);
    this.changes = new StateChanges(parts.rooms, parts.events);
  }

  async importRoom(request: RoomImport): Promise<{ room: RoomInfo; join: StoredEvent }> {
    const version = roomVersion(request.version);
    const { roomId, origin } = request;
    const join = await this.verified(version, roomId, origin, request.joinEvent);
    const events = [...request.authChain, ...request.state];
    const checked = await this.parts.checks.check(version, roomId, origin, events);
    const sound = checked.flatMap((one) => ('event' in one ? [one.event] : []));
    const inState = checked.slice(request.authChain.length).flatMap((one) => ('event' in one ? [one.event] : []));
    const room = await this.makeRoom(version, roomId, this.beginning(version, roomId, inState));
    const known = await this.parts.missing.takeSound(room, sound);
    const stateIds = await this.heldIds(room, inState);
    const state = [...known.values()].filter((one) => stateIds.has(one.eventId));
    const stored = await this.inQueue(room, (head) => this.place(head, request, join, state));
    return { room: (await this.parts.rooms.info(roomId))!, join: await stored.join };
  }

  async completeState(room: RoomInfo, { origin, eventId, state, authChain }: StateCompletion): Promise<void> {
    const partial = await this.parts.partial.get(room);
    if (partial === undefined || partial.eventId !== eventId) return;
    const known = await this.parts.missing.takeOutliers(room, origin, [...authChain, ...state]);
    const checked = await this.parts.checks.check(roomVersion(room.version), room.roomId, origin, state);
    const ids = await this.heldIds(
      room,
      checked.flatMap((one) => ('event' in one ? [one.event] : [])),
    );
    const [join] = await this.dag.byIds([eventId]);
    if (join === undefined) throw new NotFoundError('The join is not known');
    const entries = [...known.values()].flatMap(({ eventId: id, nid, pdu, rejected }) => {
      const { type, state_key: stateKey } = pdu;
      return rejected || stateKey === undefined ? [] : [{ type, stateKey, eventNid: nid, isHeld: ids.has(id) }];
    });
    const full = entries.filter((entry) => entry.isHeld);
    const past = entries.filter((entry) => !entry.isHeld);
    await this.inQueue(room, (head) => this.completions.complete(head, join, { full, past }));
    await this.parts.partial.ended(room.nid);
  }

  partialRooms(): Promise<readonly PartialRoom[]> {
    return this.parts.partial.list();
  }

  whole(room: Pick<RoomInfo, 'nid'>, waitMs: number): Promise<void> {
    return this.parts.partial.whole(room, waitMs);
  }

  private async verified(
    version: RoomVersion,
    roomId: string,
    origin: string,
    value: RoomImport['joinEvent'],
  ): Promise<VerifiedEvent> {
    const [checked] = await this.parts.checks.check(version, roomId, origin, [value]);
    if (!('event' in checked!)) throw checked!.error;
    return checked.event;
  }

  /**
   * The create event of a state. It is judged before anything of the room is kept: else any server could say of any room
   * what version it has, and nobody could join the real one. SECURITY: rows 16, 42.
   * @throws BadJsonError
   */
  private beginning(version: RoomVersion, roomId: string, state: readonly VerifiedEvent[]): VerifiedEvent {
    const creates = new Map(
      state.filter((event) => isCreateEvent(event.pdu)).map((event) => [event.eventId, event] as const),
    );
    const [create] = creates.values();
    if (create === undefined) throw new BadJsonError('The state lacks the create event');
    if (creates.size > 1) throw new BadJsonError('The state has several create events');
    if (version.createEventIsRoomId && create.eventId !== createEventIdOf(roomId)) {
      throw new BadJsonError('The create event is of another room');
    }
    if (roomVersionOf(create.pdu.content) !== version.id) throw new BadJsonError('The room has another version');
    const refusal = this.parts.judge.byAuthEvents(version, create, [], undefined);
    if (refusal !== undefined) throw new BadJsonError(`The create event is not allowed: ${refusal.message}`);
    return create;
  }

  /**
   * The events of a state but for joins of our users which we know to be over: else a server could bring everybody back in
   * who ever left its room. Joins that we do not know may be on their way, by another request. SECURITY: row 10.
   */
  private async heldIds(room: RoomInfo, state: readonly VerifiedEvent[]): Promise<Set<string>> {
    const held = new Map(state.map(({ eventId, pdu }) => [eventId, pdu]));
    const ours = state.filter(({ pdu }) => this.isJoinOfOurs(pdu)).map(({ eventId }) => eventId);
    for (const { eventId, nid, roomNid, snapshotBefore } of await this.dag.byIds(ours)) {
      if (roomNid !== room.nid || snapshotBefore === UNKNOWN_STATE) continue;
      const { type, state_key: userId = '' } = held.get(eventId)!;
      if ((await this.parts.rooms.current(room, type, userId)) !== nid) held.delete(eventId);
    }
    return new Set(held.keys());
  }

  private isJoinOfOurs({ type, state_key: userId = '', content }: Pdu): boolean {
    const isOurs = type === 'm.room.member' && serverNameOf(userId) === this.parts.serverName;
    return isOurs && ownString(content, 'membership') === 'join';
  }

  /** The room's row: new, or corrected where it was known before. @throws BadJsonError when it had another version then */
  private async makeRoom(version: RoomVersion, roomId: string, create: VerifiedEvent): Promise<RoomInfo> {
    const known = await this.parts.rooms.info(roomId);
    if (known !== undefined && known.version !== version.id) throw new BadJsonError('The room has another version');
    const creators = creatorsOf(version, create.pdu);
    const facts = { roomId, version: version.id, creators, roomType: ownString(create.pdu.content, 'type') ?? null };
    const room = await this.parts.storage.write(async (tx) => {
      const writer = new RoomStateWriter(tx);
      const before = await writer.roomById(roomId);
      const now = { ...facts, nid: before?.nid ?? tx.id('room') };
      if (before === undefined) await writer.addRoom(now);
      else await writer.correctRoom(now);
      return now;
    });
    this.parts.rooms.roomCommitted(room);
    return room;
  }

  private async inQueue<T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>): Promise<T> {
    for (;;) {
      const head = await this.parts.heads.of(room);
      const result = await head.run(async () => {
        await head.settled();
        return head.failure === undefined ? { done: await work(head) } : undefined;
      });
      if (result !== undefined) return result.done;
    }
  }

  /** Gives the join its place, after the state that came with it. */
  private async place(
    head: RoomHead,
    request: RoomImport,
    join: VerifiedEvent,
    state: readonly Outlier[],
  ): Promise<{ readonly join: Promise<StoredEvent> }> {
    head.room = (await this.parts.rooms.info(request.roomId))!;
    const [row] = await this.dag.byIds([join.eventId]);
    if (row !== undefined && row.snapshotBefore !== UNKNOWN_STATE) {
      return { join: Promise.resolve((await this.parts.events.event(row.nid))!) };
    }
    const view = await this.parts.missing.viewOf(state, head.snapshot?.nid ?? 0);
    const before: StateBase = { node: head.snapshot, changes: view.over };
    await this.judge(head, join, before, request.partial !== undefined);
    const prepared = await this.prepare(head, join, before, view, row?.nid);
    const { room, partial } = { room: head.room, partial: request.partial };
    const servers = [request.origin, ...(partial?.serversInRoom ?? []).filter((server) => server !== request.origin)];
    const written = this.parts.committer.append({
      head,
      events: [prepared],
      within: async (tx) => {
        const writer = new PartialRoomWriter(tx);
        if (partial === undefined) await writer.setWhole(room.nid);
        else await writer.setPartial({ roomNid: room.nid, eventId: join.eventId, servers });
      },
    });
    const done = written.then(async ([event]) => {
      if (partial !== undefined) await this.parts.partial.began({ room, eventId: join.eventId, servers });
      else await this.parts.partial.ended(room.nid);
      return event!;
    });
    return { join: done };
  }

  /** @throws ForbiddenError when the join does not hold in the state that came with it */
  private async judge(head: RoomHead, join: VerifiedEvent, before: StateBase, isPartial: boolean): Promise<void> {
    const entries = await this.parts.judge.entriesFor(head.version, join.pdu, before);
    const pdus = new Map([...entries].map(([key, event]) => [key, event.pdu as Pdu]));
    // A state without members may lack those that let the joiner in; its authority names them.
    for (const { pdu } of isPartial ? await this.authOf(join) : []) {
      const key = stateMapKey(pdu.type, pdu.state_key ?? '');
      if (!pdus.has(key)) pdus.set(key, pdu);
    }
    const create = pdus.get(stateMapKey('m.room.create', ''));
    if (create === undefined) throw new ForbiddenError('The state lacks the create event');
    const refusal = this.parts.judge.byState(head.version, join.pdu, pdus, create);
    if (refusal !== undefined) throw refusal;
  }

  private async prepare(
    head: RoomHead,
    join: VerifiedEvent,
    before: StateBase,
    view: StateView,
    outlierNid: number | undefined,
  ): Promise<PreparedEvent> {
    const { pdu } = join;
    const own = { type: pdu.type, stateKey: pdu.state_key ?? '', eventNid: OWN };
    const isOwn = (entry: StateEntry) => entry.type === own.type && entry.stateKey === own.stateKey;
    const others = view.over.filter((entry) => !isOwn(entry));
    const changed = await this.changes.over(head.snapshot?.nid ?? 0, others);
    const previous = await this.parts.heads.state(head, own.type, own.stateKey);
    const entries = await this.parts.judge.entriesFor(head.version, pdu, before);
    const replaces = entries.get(stateMapKey(own.type, own.stateKey));
    const inGraph = (await this.dag.byIds(prevEventIds(pdu))).filter((one) => one.snapshotBefore !== UNKNOWN_STATE);
    const there = new Set(inGraph.map((one) => one.eventId));
    const prepared: PreparedEvent = {
      eventId: join.eventId,
      pdu,
      json: join.json,
      ordinal: head.nextOrdinal(true),
      depthBefore: head.depth,
      previous: (await this.parts.events.events(inGraph.map((one) => one.nid))).map(toHeadEvent),
      replaces: replaces && toHeadEvent(replaces),
      replacesCurrent: previous,
      redacts: undefined,
      auth: await this.authOf(join),
    };
    const incoming: Incoming = {
      kind: 'live',
      shown: true,
      outlierNid,
      before,
      current: [...others, own],
      changed,
      gaps: [...new Set(prevEventIds(pdu))].filter((id) => !there.has(id)),
      beside: undefined,
      extremities: [prepared],
      redactedBy: undefined,
      redactsLater: undefined,
    };
    const placed = Object.assign(prepared, { incoming });
    head.place(placed);
    return placed;
  }

  private async authOf({ pdu }: VerifiedEvent) {
    const ids = (pdu.auth_events as (string | [string])[]).map((one) => (Array.isArray(one) ? one[0] : one));
    const rows = await this.dag.byIds(ids);
    return (await this.parts.events.events(rows.map((row) => row.nid))).map(toHeadEvent);
  }
}
