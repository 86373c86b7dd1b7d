import { ForbiddenError } from '#kernel/errors';
import type { Storage } from '#platform/storage/storage';
import { authEventIds, prevEventIds, type Pdu } from '#protocol/events/index';
import { stateMapKey, type RoomState, type StateEntry } from '../../room-state';
import type { Committer } from '../writing/committer.service';
import { isInGraph } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventJudge } from '../placing/event-judge.service';
import type { EventStore } from '../store/event-store.service';
import type { RoomImport, VerifiedEvent } from '../ingest.model';
import { pdusOf, withAuthority } from '../placing/judging.model';
import type { MissingEvents } from '../ingest/missing-events.service';
import type { Outlier } from '../ingest/outliers.service';
import { PartialRoomWriter } from '../store/partial-room.repository';
import type { PartialStates } from '../store/partial-states.service';
import {
  OWN,
  toHeadEvent,
  type HeadEvent,
  type PlacedApart,
  type PreparedEvent,
  type StateBase,
} from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import { StateChanges } from '../resolving/state-changes.service';
import type { StateView } from '../resolving/state-view.model';
import { UNKNOWN_STATE, type StoredEvent } from '../timeline.model';

export interface JoinPlacingParts {
  readonly storage: Storage;
  readonly rooms: RoomState;
  readonly heads: RoomHeads;
  readonly events: EventStore;
  readonly judge: EventJudge;
  readonly missing: Pick<MissingEvents, 'viewOf'>;
  readonly partial: PartialStates;
  readonly committer: Committer;
}

/** A join that is to be placed, with the state that came with it as a view over the room's present one. */
interface Newcomer {
  readonly join: VerifiedEvent;
  readonly view: StateView;
  readonly before: StateBase;
  /** The number that the join had as nothing but state. */
  readonly outlierNid: number | undefined;
}

/** Gives joins by which rooms come from other servers their places, after the states that came with them. */
export class JoinPlacing {
  private readonly dag: DagReader;
  private readonly changes: StateChanges;

  constructor(private readonly parts: JoinPlacingParts) {
    this.dag = new DagReader(parts.storage);
    this.changes = new StateChanges(parts.rooms, parts.events);
  }

  /**
   * In the room's queue, with nothing under way. The promise of the join settles with its commit.
   * @throws ForbiddenError when the join does not hold in the state that came with it
   */
  async place(
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
    const prepared = await this.prepare(head, { join, view, before, outlierNid: row?.nid });
    head.place(prepared);
    return { join: this.append(head, prepared, request) };
  }

  private async append(head: RoomHead, join: PlacedApart, { origin, partial }: RoomImport): Promise<StoredEvent> {
    const room = head.room!;
    const { eventId } = join;
    const servers = [origin, ...(partial?.serversInRoom ?? []).filter((server) => server !== origin)];
    const [event] = await this.parts.committer.append({
      head,
      events: [join],
      within: async (tx) => {
        const writer = new PartialRoomWriter(tx);
        if (partial === undefined) await writer.setWhole(room.nid);
        else await writer.setPartial({ roomNid: room.nid, eventId, servers });
      },
    });
    if (partial === undefined) await this.parts.partial.ended(room.nid);
    else await this.parts.partial.began({ room, eventId, servers });
    return event!;
  }

  private async judge(head: RoomHead, join: VerifiedEvent, before: StateBase, isPartial: boolean): Promise<void> {
    const entries = await this.parts.judge.entriesFor(head.version, join.pdu, before);
    // A state without members may lack those that let the joiner in; its authority names them.
    const pdus = isPartial ? withAuthority(entries, await this.authOf(join)) : pdusOf(entries);
    const create = pdus.get(stateMapKey('m.room.create', ''));
    if (create === undefined) throw new ForbiddenError('The state lacks the create event');
    const refusal = this.parts.judge.byState(head.version, join.pdu, pdus, create);
    if (refusal !== undefined) throw refusal;
  }

  private async prepare(head: RoomHead, newcomer: Newcomer): Promise<PlacedApart> {
    const { join, view, before, outlierNid } = newcomer;
    const { pdu } = join;
    const own = { type: pdu.type, stateKey: pdu.state_key ?? '', eventNid: OWN };
    const isOwn = (entry: StateEntry) => entry.type === own.type && entry.stateKey === own.stateKey;
    const others = view.over.filter((entry) => !isOwn(entry));
    const entries = await this.parts.judge.entriesFor(head.version, pdu, before);
    const replaces = entries.get(stateMapKey(own.type, own.stateKey));
    const { previous, gaps } = await this.linksOf(head, pdu);
    const prepared: PreparedEvent = {
      eventId: join.eventId,
      pdu,
      json: join.json,
      ordinal: head.nextOrdinal(true),
      depthBefore: head.depth,
      previous,
      replaces: replaces && toHeadEvent(replaces),
      replacesCurrent: await this.parts.heads.state(head, own.type, own.stateKey),
      redacts: undefined,
      auth: await this.authOf(join),
    };
    return Object.assign(prepared, {
      incoming: {
        kind: 'live' as const,
        shown: true,
        outlierNid,
        before,
        current: [...others, own],
        changed: await this.changes.over(head.snapshot?.nid ?? 0, others),
        gaps,
        beside: undefined,
        extremities: [prepared],
        redactedBy: undefined,
        redactsLater: undefined,
      },
    });
  }

  /** Of what the join follows, what is in the room's graph and what this server lacks. */
  private async linksOf(head: RoomHead, pdu: Pdu): Promise<{ previous: HeadEvent[]; gaps: string[] }> {
    const ids = prevEventIds(pdu);
    const rows = (await this.dag.byIds(ids)).filter((one) => isInGraph(one, head.room!.nid));
    const there = new Set(rows.map((one) => one.eventId));
    return {
      previous: (await this.parts.events.events(rows.map((one) => one.nid))).map(toHeadEvent),
      gaps: [...new Set(ids)].filter((id) => !there.has(id)),
    };
  }

  private async authOf({ pdu }: VerifiedEvent): Promise<HeadEvent[]> {
    const rows = await this.dag.byIds(authEventIds(pdu));
    return (await this.parts.events.events(rows.map((row) => row.nid))).map(toHeadEvent);
  }
}
