import { BadJsonError } from '#kernel/errors';
import type { Position, Storage, Tx } from '#platform/storage/storage';
import {
  RoomStateWriter,
  Snapshots,
  stateMapKey,
  type RoomInfo,
  type RoomState,
  type SnapshotNode,
  type StateEntry,
} from '../../room-state';
import type { Committer } from '../writing/committer.service';
import type { DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import { PartialRoomWriter } from '../store/partial-room.repository';
import type { EventStore } from '../store/event-store.service';
import { Rejudging } from './rejudging.service';
import { RestatedEventsReader, RestatedEventsWriter, type EventStates } from './restated-events.repository';
import type { EventJudge } from '../placing/event-judge.service';
import type { RoomHead } from '../heads/room-head.model';
import { RoomHeadWriter } from '../store/room-head.repository';
import type { RoomHeads } from '../heads/room-heads.service';
import type { RestatedRooms } from './restated-rooms.service';
import type { RoomPlaces } from '../store/room-places.service';
import { StateRebasing } from './state-rebasing.service';
import { StateChanges } from '../resolving/state-changes.service';
import { Withdrawals, type Undoing } from './withdrawals.service';

export interface StateCompletionsParts {
  readonly storage: Storage;
  readonly rooms: RoomState;
  readonly heads: RoomHeads;
  readonly events: EventStore;
  readonly judge: EventJudge;
  readonly committer: Committer;
  readonly places: RoomPlaces;
  readonly restated: RestatedRooms;
}

/** The state before a join as a whole, and the authority of that state that is not in it any more. */
export interface WholeState {
  readonly full: readonly StateEntry[];
  readonly past: readonly StateEntry[];
}

/** A state that was completed: what it lacked, and what was taken in by it that does not hold. */
interface Completed {
  readonly missing: readonly StateEntry[];
  readonly refused: ReadonlySet<number>;
  /** The refused, and what the states have only because they lacked what came after it. */
  readonly gone: ReadonlySet<number>;
  /** The events of the room's graph. */
  readonly taken: readonly EventStates[];
  readonly undoing: Undoing;
}

/**
 * Completes rooms that were joined by a state without members: lays the members under every state since the join, judges
 * what was taken in meanwhile again, and takes out what does not hold. All in one transaction: after a crash the room is as
 * partial as before. Spec: server-server, `omit_members` of send_join.
 */
export class StateCompletions {
  private readonly dag: DagReader;
  private readonly rejudging: Rejudging;
  private readonly rebasing: StateRebasing;
  private readonly withdrawals: Withdrawals;
  private readonly changes: StateChanges;

  constructor(private readonly parts: StateCompletionsParts) {
    this.dag = new DagReader(parts.storage);
    this.rejudging = new Rejudging(parts.rooms, parts.events, parts.judge);
    this.rebasing = new StateRebasing(parts.rooms);
    this.withdrawals = new Withdrawals(parts.storage, parts.events, parts.judge);
    this.changes = new StateChanges(parts.rooms, parts.events);
  }

  /**
   * In the room's queue, with nothing under way.
   * @throws BadJsonError when the whole state lacks what the room was joined with
   */
  async complete(head: RoomHead, join: DagEvent, { full, past }: WholeState): Promise<void> {
    const room = head.room!;
    const present = await this.keysOf(join.snapshotBefore);
    const whole = new Set(full.map((entry) => stateMapKey(entry.type, entry.stateKey)));
    if ([...present].some((key) => !whole.has(key)))
      throw new BadJsonError('The state lacks what the room was joined with');
    const missing = full.filter((entry) => !present.has(stateMapKey(entry.type, entry.stateKey)));
    const all = await new RestatedEventsReader(this.parts.storage).ofRoom(room.nid);
    const later = all.slice(all.findIndex(({ nid }) => nid === join.nid) + 1);
    const since = later.filter(({ ordinal, rejected }) => !rejected && (ordinal === null || ordinal > join.ordinal!));
    // Where members were missing, a resolution may have fallen back on their past.
    const lacked = new Set(missing.map((entry) => stateMapKey(entry.type, entry.stateKey)));
    const newer = new Set(later.map(({ nid }) => nid));
    const fellBack = past.filter((entry) => lacked.has(stateMapKey(entry.type, entry.stateKey)));
    const pastNids = new Set(fellBack.map((entry) => entry.eventNid).filter((nid) => !newer.has(nid)));
    const refused = await this.rejudging.refused(room, since, { missing, past: pastNids });
    const undoing = await this.withdrawals.undoing(room, refused);
    await this.write(head, join, { missing, refused, gone: new Set([...refused, ...pastNids]), taken: all, undoing });
  }

  private async write(head: RoomHead, join: DagEvent, completed: Completed): Promise<void> {
    const room = head.room!;
    const { missing, refused, gone, taken, undoing } = completed;
    const { storage, heads, committer, places, restated } = this.parts;
    await storage.write(async (tx) => {
      await head.claim.assertHeld(tx);
      const wanted = [...taken.flatMap(({ before, after, current }) => [before, after, current]), head.snapshot!.nid];
      const made = await this.rebasing.rebase(tx, { room, base: join.snapshotBefore, missing, gone }, wanted);
      await this.restate(tx, completed, made);
      await this.withdrawals.write(tx, undoing, committer.everyParticipant());
      const position = tx.position();
      const snapshot = made.get(head.snapshot!.nid)?.nid ?? head.snapshot!.nid;
      await this.moveCurrent(tx, head, completed, { snapshot, position });
      const headWriter = new RoomHeadWriter(tx);
      await headWriter.moveSnapshot(room.nid, snapshot);
      if (refused.size > 0) await headWriter.replaceExtremities(new Map([[room.nid, await this.ends(head, refused)]]));
      await new PartialRoomWriter(tx).setWhole(room.nid);
      await restated.restated(tx, room, position);
      tx.afterCommit(() => {
        places.restated(room.nid, snapshot);
        // What it holds refers to the states as they were.
        heads.drop(head, new Error('the states of the room were made again'));
      });
    });
  }

  /** Has the room's events refer to the states that were made in place of theirs. */
  private async restate(tx: Tx, { taken, refused }: Completed, made: ReadonlyMap<number, SnapshotNode>): Promise<void> {
    const now = (snapshot: number): number => made.get(snapshot)?.nid ?? snapshot;
    const writer = new RestatedEventsWriter(tx);
    for (const event of taken) {
      const { nid, before, after, current } = event;
      if (![before, after, current].some((snapshot) => made.has(snapshot))) continue;
      const last = refused.has(nid) ? now(before) : now(after);
      const replaces = await this.replacedBy(tx, event, made.get(before)?.nid);
      await writer.restate({ nid, before: now(before), after: last, current: now(current), replaces });
      tx.afterCommit(() => this.parts.events.redacted(nid));
    }
  }

  /** What a state event replaces in the state that was made for before it: members seemed to be new who were not. */
  private async replacedBy(
    tx: Tx,
    { type, stateKey, replaces }: EventStates,
    madeBefore: number | undefined,
  ): Promise<number | null> {
    if (stateKey === null || madeBefore === undefined) return replaces;
    const held = await new Snapshots(tx).atMany(madeBefore, [[type, stateKey]]);
    return held.get(stateMapKey(type, stateKey)) ?? null;
  }

  /** Moves the room's current state, and tells those who keep rows of it. */
  private async moveCurrent(
    tx: Tx,
    head: RoomHead,
    completed: Completed,
    { snapshot, position }: { readonly snapshot: number; readonly position: Position },
  ): Promise<void> {
    const room = head.room!;
    const changes = await this.changesOfCurrent(room, new Snapshots(tx), snapshot, completed);
    const current = changes.map((entry) => ({ ...entry, roomNid: room.nid }));
    await new RoomStateWriter(tx).setCurrent(current);
    tx.afterCommit(() => this.parts.rooms.stateCommitted(current));
    if (changes.length === 0) return;
    const resolved = (await this.changes.over(head.snapshot?.nid ?? 0, changes)).map((change) => ({
      ...change,
      room,
      position,
    }));
    for (const participant of this.parts.committer.everyParticipant()) await participant.stateChanged?.(tx, resolved);
  }

  private async keysOf(snapshot: number): Promise<Set<string>> {
    const entries = await this.parts.rooms.atAll(snapshot);
    return new Set(entries.map((entry) => stateMapKey(entry.type, entry.stateKey)));
  }

  /** What of the current state becomes another: keys that nothing held, and those whose event is gone. */
  private async changesOfCurrent(
    room: RoomInfo,
    snapshots: Snapshots,
    snapshot: number,
    { missing, gone }: Completed,
  ): Promise<StateEntry[]> {
    const entries = await this.parts.rooms.currentAll(room);
    const held = new Set(entries.map((entry) => stateMapKey(entry.type, entry.stateKey)));
    const fallen = entries.filter((entry) => gone.has(entry.eventNid));
    const instead = await snapshots.atMany(
      snapshot,
      fallen.map(({ type, stateKey }) => [type, stateKey] as const),
    );
    return [
      ...missing.filter((entry) => !held.has(stateMapKey(entry.type, entry.stateKey))),
      ...fallen.map(({ type, stateKey }) => ({
        type,
        stateKey,
        eventNid: instead.get(stateMapKey(type, stateKey)) ?? 0,
      })),
    ];
  }

  /** The extremities without what is refused; what that followed takes its place. */
  private async ends(head: RoomHead, refused: ReadonlySet<number>): Promise<number[]> {
    const ends = new Set(head.extremities.map((one) => one.stored!.nid));
    for (const nid of ends) {
      if (!refused.has(nid)) continue;
      ends.delete(nid);
      for (const edge of await this.dag.prevEdges([nid])) ends.add(edge.prev_nid);
    }
    return [...ends];
  }
}
