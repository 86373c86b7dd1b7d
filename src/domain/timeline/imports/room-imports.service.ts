import { BadJsonError, NotFoundError } from '#kernel/errors';
import type { Storage } from '#platform/storage/storage';
import { creatorsOf } from '#protocol/auth-rules/index';
import { ownString } from '#protocol/json-access';
import { roomVersion, type RoomVersion } from '#protocol/room-versions';
import { RoomStateWriter, type RoomInfo, type RoomState } from '../../room-state';
import type { Committer } from '../writing/committer.service';
import { DagReader } from '../store/dag.repository';
import type { EventJudge } from '../placing/event-judge.service';
import type { EventStore } from '../store/event-store.service';
import { GivenStates } from './given-states.service';
import type { IncomingChecks } from '../ingest/incoming-checks.service';
import type { PartialRoom, RoomImport, StateCompletion, VerifiedEvent } from '../ingest.model';
import type { RoomImporting } from '../ingest.ports';
import { JoinPlacing } from './join-placing.service';
import type { MissingEvents } from '../ingest/missing-events.service';
import type { PartialStates } from '../store/partial-states.service';
import type { RoomHead } from '../heads/room-head.model';
import type { RestatedRooms } from './restated-rooms.service';
import type { RoomPlaces } from '../store/room-places.service';
import type { RoomHeads } from '../heads/room-heads.service';
import { StateCompletions } from './state-completions.service';
import type { StoredEvent } from '../timeline.model';

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
  private readonly states: GivenStates;
  private readonly joins: JoinPlacing;

  constructor(private readonly parts: RoomImportParts) {
    this.dag = new DagReader(parts.storage);
    this.completions = new StateCompletions(parts);
    this.states = new GivenStates(parts);
    this.joins = new JoinPlacing(parts);
  }

  async importRoom(request: RoomImport): Promise<{ room: RoomInfo; join: StoredEvent }> {
    const version = roomVersion(request.version);
    const { roomId, origin } = request;
    const join = await this.verified(version, roomId, origin, request.joinEvent);
    const events = [...request.authChain, ...request.state];
    const checked = await this.parts.checks.check(version, roomId, origin, events);
    const sound = checked.flatMap((one) => ('event' in one ? [one.event] : []));
    const inState = checked.slice(request.authChain.length).flatMap((one) => ('event' in one ? [one.event] : []));
    const room = await this.makeRoom(version, roomId, this.states.beginning(version, roomId, inState));
    const known = await this.parts.missing.takeSound(room, sound);
    const stateIds = await this.states.held(room, inState);
    const state = [...known.values()].filter((one) => stateIds.has(one.eventId));
    const place = (head: RoomHead) => this.joins.place(head, request, join, state);
    const placed = await this.parts.heads.inQueue(room, place, { settled: true });
    const stored = await placed.join;
    return { room: (await this.parts.rooms.info(roomId))!, join: stored };
  }

  async completeState(room: RoomInfo, { origin, eventId, state, authChain }: StateCompletion): Promise<void> {
    const partial = await this.parts.partial.get(room);
    if (partial === undefined || partial.eventId !== eventId) return;
    const known = await this.parts.missing.takeOutliers(room, origin, [...authChain, ...state]);
    const checked = await this.parts.checks.check(roomVersion(room.version), room.roomId, origin, state);
    const ids = await this.states.held(
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
    const complete = (head: RoomHead) => this.completions.complete(head, join, { full, past });
    await this.parts.heads.inQueue(room, complete, { settled: true });
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
}
