import type { Reader } from '#platform/storage/storage';
import { ForbiddenError, type MatrixError } from '#kernel/errors';
import { authEventIds, isCreateEvent, prevEventIds, type Pdu, type SignedEvent } from '#protocol/events/index';
import type { AuthEvent } from '#protocol/auth-rules/index';
import { stateMapKey, type StateEntry, type RoomInfo, type RoomState, type StateKeyPair } from '../room-state';
import { DagReader, DagWriter, type DagEvent } from './dag.repository';
import type { Committer } from './committer.service';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from './event-store.service';
import { HistoryPlaces } from './history-places.service';
import { MissingEventsError, type Placed, type PlacingOptions } from './placing.model';
import { NO_REDACTION, Redactions } from './redactions.service';
import type { IngestStatus } from './ingest.model';
import {
  OWN,
  type HeadEvent,
  type Incoming,
  type PreparedEvent,
  type RoomHead,
  type StateBase,
  type StateChange,
} from './room-head.model';
import { toHeadEvent, type RoomHeads } from './room-heads.service';
import type { StateResolver, StateView } from './state-resolver.service';
import { NO_PLACE, UNKNOWN_STATE, type StoredEvent, type TransactionKey } from './timeline.model';

/** Free places left where history is missing, to be filled later. */
const HOLE = 1_000_000;
/** Steps through events that are not shown, in search of the extremities that an event takes away. */
const MAX_HIDDEN_STEPS = 100;

/** What the store has of the events that one refers to. */
interface Surroundings {
  readonly known: ReadonlyMap<string, DagEvent>;
  readonly auth: readonly (AuthEvent & { readonly head: HeadEvent })[];
  readonly create: AuthEvent | undefined;
}

/**
 * Judges events from elsewhere and gives them their place in the room's graph and order. Called in the room's queue, with
 * nothing to wait for but the database.
 */
export class EventPlacing {
  private readonly dag: DagReader;
  private readonly redactions: Redactions;
  private readonly places: HistoryPlaces;

  constructor(
    reader: Reader,
    private readonly rooms: RoomState,
    private readonly heads: RoomHeads,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
    private readonly resolver: StateResolver,
    private readonly committer: Committer,
  ) {
    this.dag = new DagReader(reader);
    this.redactions = new Redactions(reader, events, judge);
    this.places = new HistoryPlaces(reader, events);
  }

  /**
   * Places one event. The usual one, which follows all that is there, is judged on the head and waits for no commit.
   * @throws MissingEventsError when events that it refers to are not here, Error when the database fails
   */
  async place(head: RoomHead, event: SignedEvent, options: PlacingOptions = {}): Promise<Placed> {
    if (head.unfinished(event.eventId) !== undefined) return settled('known');
    const follows = sameEvents(prevEventIds(event.pdu), head.extremities);
    const isPlain =
      follows &&
      event.pdu.type !== 'm.room.redaction' &&
      options.fetched === undefined &&
      options.policyRefusal === undefined;
    if (!isPlain || options.history !== undefined || options.partial === true) await head.settled();
    if (head.failure !== undefined) throw head.failure;
    const around = await this.surroundings(head, event);
    const known = around.known.get(event.eventId);
    if (known !== undefined && known.snapshotBefore !== UNKNOWN_STATE) return settled('known');
    const early = await this.redactions.ahead(head, event);
    if (isPlain && known === undefined && early === undefined && options.history === undefined && !options.partial) {
      const done = await this.placePlain(head, event, around, options);
      if (done !== undefined) return done;
      await head.settled();
    }
    return this.placeApart(head, event, around, options, known, early);
  }

  /** An event that is there already and was accepted. */
  async stored(room: Pick<RoomInfo, 'nid'>, eventId: string): Promise<StoredEvent | undefined> {
    const [row] = await this.dag.byIds([eventId]);
    const isAccepted = isInGraph(row, room.nid) && !row.rejected && !row.softFailed;
    return isAccepted ? this.events.event(row.nid) : undefined;
  }

  /** Follows all extremities: the state before it is the current one. Undefined when it is not as plain as that. */
  private async placePlain(
    head: RoomHead,
    event: SignedEvent,
    around: Surroundings,
    { transaction }: PlacingOptions,
  ): Promise<Placed | undefined> {
    const { pdu, eventId, json } = event;
    if (this.judge.byAuthEvents(head.version, event, around.auth, around.create) !== undefined) return undefined;
    const entries = await this.currentEntries(head, pdu);
    if (this.judge.byState(head.version, pdu, pdus(entries), around.create?.pdu) !== undefined) return undefined;
    const stateKey = pdu.state_key;
    const prepared: PreparedEvent = {
      eventId,
      pdu,
      json,
      ordinal: head.ordinal + 1,
      depthBefore: head.depth,
      previous: head.extremities,
      replaces: stateKey === undefined ? undefined : await this.heads.state(head, pdu.type, stateKey),
      redacts: undefined,
      auth: stateKey === undefined ? [] : around.auth.map((auth) => auth.head),
    };
    head.advance(prepared);
    return { status: 'accepted', written: this.append(head, prepared, transaction) };
  }

  /** Everything else: forks, gaps, outliers whose history arrived, redactions, history. All before it is committed. */
  private async placeApart(
    head: RoomHead,
    event: SignedEvent,
    around: Surroundings,
    options: PlacingOptions,
    known: DagEvent | undefined,
    early: StoredEvent | undefined,
  ): Promise<Placed> {
    const { pdu } = event;
    const { version } = head;
    const room = head.room!;
    const previousIds = [...new Set(prevEventIds(pdu))];
    const previous = previousIds.map((id) => around.known.get(id));
    const inGraph = previous.filter((one): one is DagEvent => isInGraph(one, room.nid));
    const gaps = previousIds.filter((id) => !isInGraph(around.known.get(id), room.nid));
    if (gaps.length > 0 && options.fetched === undefined) throw new MissingEventsError(gaps);
    const history = options.history ?? (await this.places.inGap(head.room!.nid, event.eventId));
    // A room begins once; its create event comes again with history alone.
    if (history === undefined && isCreateEvent(pdu)) return settled('known');
    const before = await this.stateBefore(head, inGraph, options.fetched);
    const entries = await this.judge.entriesFor(version, pdu, before);
    const error = known?.rejected === true ? new ForbiddenError('The event was rejected before') : undefined;
    const lenient = options.partial === true ? withMembersOf(around, entries) : pdus(entries);
    const rejection =
      error ??
      this.judge.byAuthEvents(version, event, around.auth, around.create) ??
      this.judge.byState(version, pdu, lenient, around.create?.pdu);
    const failure =
      rejection === undefined && history === undefined
        ? await this.softFailure(head, event, around, options)
        : undefined;
    const kind = rejection ? 'rejected' : failure ? 'soft_failed' : history ? 'history' : 'live';
    const redaction = rejection ? NO_REDACTION : await this.redactions.of(head, pdu, before);
    const shown = pdu.type !== 'm.room.redaction' || redaction.target !== undefined;
    const own = ownEntry(pdu);
    const isLive = kind === 'live';
    const covered = isLive ? await this.covered(inGraph) : new Set<number>();
    const left = isLive ? head.extremities.filter((one) => !covered.has(one.stored!.nid)) : [];
    const auth = around.auth.map((one) => one.head);
    const current = isLive ? await this.currentAfter(head, event, before, own, left, auth) : [];
    const changed = await this.changes(head, current);
    const key = own[0] && stateMapKey(own[0].type, own[0].stateKey);
    const replaces = key === undefined ? undefined : entries.get(key);
    const stored = await this.events.events(inGraph.map((one) => one.nid));
    const prepared: PreparedEvent = {
      eventId: event.eventId,
      pdu,
      json: event.json,
      ordinal: isLive && shown ? placeAfter(head, gaps) : (history?.ordinal ?? NO_PLACE),
      depthBefore: head.depth,
      previous: stored.map(toHeadEvent),
      replaces: replaces && toHeadEvent(replaces),
      replacesCurrent: own[0] && (await this.heads.state(head, own[0].type, own[0].stateKey)),
      redacts: kind === 'soft_failed' ? undefined : redaction.target,
      auth: own.length === 0 ? [] : auth,
    };
    const incoming: Incoming = {
      kind,
      shown,
      outlierNid: known?.nid,
      before,
      current,
      changed,
      gaps,
      beside: history?.beside,
      extremities: isLive ? [...left, prepared] : undefined,
      redactedBy: early,
      redactsLater: redaction.later,
    };
    prepared.incoming = incoming;
    head.place(prepared, incoming, changed);
    const written = this.append(head, prepared, options.transaction).then((result) => {
      if (result !== undefined) this.remember(prepared, result, inGraph, left, options.fetched === undefined);
      return result;
    });
    const status = kind === 'live' || kind === 'history' ? 'accepted' : kind;
    const problem = rejection ?? failure;
    return { status, ...(problem === undefined ? {} : { error: problem }), written };
  }

  /** Predecessors, and those before them that are hidden behind rejected and soft-failed ones. */
  private async covered(previous: readonly DagEvent[]): Promise<Set<number>> {
    const covered = new Set(previous.map((one) => one.nid));
    let hidden = previous.filter((one) => one.rejected || one.softFailed);
    for (let steps = 0; hidden.length > 0 && steps < MAX_HIDDEN_STEPS; steps++) {
      const edges = await this.dag.prevEdges(hidden.map((one) => one.nid));
      const next = edges.map((edge) => edge.prev_nid).filter((nid) => !covered.has(nid));
      next.forEach((nid) => covered.add(nid));
      hidden = (await this.dag.byNids([...new Set(next)])).filter((one) => one.rejected || one.softFailed);
    }
    return covered;
  }

  private append(head: RoomHead, event: PreparedEvent, transaction?: TransactionKey): Promise<StoredEvent | undefined> {
    const { eventId } = event;
    const written = this.committer.append({
      head,
      events: [event],
      transaction,
      within: (tx) => new DagWriter(tx).unstage([eventId]),
    });
    event.written = written;
    return written.then((stored) => stored[0]);
  }

  /** What is known of the event, its predecessors and its authority. */
  private async surroundings(head: RoomHead, event: SignedEvent): Promise<Surroundings> {
    const { pdu, eventId } = event;
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

  /** The entries of the current state that judge an event, committed or not. */
  private async currentEntries(head: RoomHead, pdu: Pdu): Promise<Map<string, HeadEvent>> {
    const entries = new Map<string, HeadEvent>();
    for (const [type, key] of this.judge.keysFor(head.version, pdu)) {
      const held = await this.heads.state(head, type, key);
      if (held !== undefined) entries.set(stateMapKey(type, key), held);
    }
    return entries;
  }

  private async stateBefore(
    head: RoomHead,
    previous: readonly DagEvent[],
    fetched: StateView | undefined,
  ): Promise<StateBase> {
    if (
      fetched === undefined &&
      sameEvents(
        previous.map((one) => one.eventId),
        head.extremities,
      )
    ) {
      return { node: head.snapshot, changes: [] };
    }
    const views = previous.map((one): StateView => ({ snapshot: one.snapshotAfter, over: [] }));
    const all = fetched === undefined ? views : [...views, fetched];
    if (all.length === 0) return { node: undefined, changes: [] };
    if (all.length === 1 && fetched !== undefined) {
      const node = fetched.snapshot === 0 ? undefined : await this.rooms.snapshots.node(fetched.snapshot);
      return { node, changes: fetched.over };
    }
    return this.resolver.together(head.room!, head.version, all);
  }

  /** Check 6, and what the policy server says. */
  private async softFailure(
    head: RoomHead,
    { pdu }: SignedEvent,
    around: Surroundings,
    options: PlacingOptions,
  ): Promise<MatrixError | undefined> {
    if (options.policyRefusal !== undefined) return options.policyRefusal;
    const entries = await this.currentEntries(head, pdu);
    const lenient = options.partial === true ? withMembersOf(around, entries) : pdus(entries);
    return this.judge.byState(head.version, pdu, lenient, around.create?.pdu);
  }

  /** How the current state changes when the event joins the extremities that are left. */
  private async currentAfter(
    head: RoomHead,
    event: SignedEvent,
    before: StateBase,
    own: readonly StateEntry[],
    left: readonly HeadEvent[],
    auth: readonly HeadEvent[],
  ): Promise<StateEntry[]> {
    const from = head.snapshot?.nid ?? 0;
    const after: StateView = { snapshot: before.node?.nid ?? 0, over: [...before.changes, ...own] };
    const others = left.map((one): StateView => ({ snapshot: one.stored!.snapshotAfter, over: [] }));
    const unstored = { eventId: event.eventId, pdu: event.pdu, auth: auth.map((one) => one.stored!.nid) };
    return this.resolver.changes(head.room!, head.version, [...others, after], from, unstored);
  }

  /** The events behind changes of the current state, but for the event's own. */
  private async changes(head: RoomHead, current: readonly StateEntry[]): Promise<StateChange[]> {
    const others = current.filter((entry) => entry.eventNid !== OWN);
    if (others.length === 0) return [];
    const keys = others.map(({ type, stateKey }): StateKeyPair => [type, stateKey]);
    const replaced = await this.rooms.snapshots.valuesOf(head.snapshot?.nid ?? 0, keys);
    const nids = [...others.map((entry) => entry.eventNid), ...replaced.values()].filter((nid) => nid !== 0);
    const events = new Map((await this.events.events([...new Set(nids)])).map((event) => [event.nid, event]));
    return others.map(({ type, stateKey, eventNid }) => ({
      type,
      stateKey,
      event: events.get(eventNid),
      replaced: events.get(replaced.get(stateMapKey(type, stateKey)) ?? 0),
    }));
  }

  /** Keeps what was resolved, so that the next event after the same ones need not resolve again. */
  private remember(
    { currentAfter }: PreparedEvent,
    event: StoredEvent,
    previous: readonly DagEvent[],
    left: readonly HeadEvent[],
    isOwnState: boolean,
  ): void {
    if (isOwnState && previous.length > 1) {
      this.resolver.remember(
        previous.map((one) => one.snapshotAfter),
        event.snapshotBefore,
      );
    }
    const afters = left.map((one) => one.stored!.snapshotAfter);
    if (left.length > 0 && currentAfter !== undefined) {
      this.resolver.remember([...afters, event.snapshotAfter], currentAfter);
    }
  }
}

function settled(status: IngestStatus): Placed {
  return { status, written: Promise.resolve(undefined) };
}

function isInGraph(event: DagEvent | undefined, roomNid: number): event is DagEvent {
  return event !== undefined && event.roomNid === roomNid && event.snapshotBefore !== UNKNOWN_STATE;
}

function ownEntry({ type, state_key: stateKey }: Pdu): StateEntry[] {
  return stateKey === undefined ? [] : [{ type, stateKey, eventNid: OWN }];
}

function placeAfter(head: RoomHead, gaps: readonly string[]): number {
  return head.ordinal + 1 + (gaps.length > 0 && head.ordinal > 0 ? HOLE : 0);
}

function sameEvents(ids: readonly string[], events: readonly HeadEvent[]): boolean {
  const distinct = new Set(ids);
  return distinct.size === events.length && events.every((event) => distinct.has(event.eventId));
}

function pdus(entries: ReadonlyMap<string, { readonly pdu: object }>): Map<string, Pdu> {
  return new Map([...entries].map(([key, event]) => [key, event.pdu as Pdu]));
}

/** In a room whose state lacks members, those named as authority stand in for the ones that are missing. */
function withMembersOf(around: Surroundings, entries: ReadonlyMap<string, { readonly pdu: object }>): Map<string, Pdu> {
  const lenient = pdus(entries);
  for (const { pdu } of around.auth) {
    const key = stateMapKey(pdu.type, pdu.state_key ?? '');
    if (pdu.type === 'm.room.member' && !lenient.has(key)) lenient.set(key, pdu);
  }
  return lenient;
}
