import type { Reader } from '#platform/storage/storage';
import { ForbiddenError, type MatrixError } from '#kernel/errors';
import { canonicalJson } from '#protocol/canonical-json';
import { isCreateEvent, prevEventIds, type Pdu, type SignedEvent } from '#protocol/events/index';
import { stateMapKey, type RoomInfo, type RoomState } from '../room-state';
import { isInGraph, type DagEvent } from './dag.model';
import { DagReader } from './dag.repository';
import type { Committer } from './committer.service';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from './event-store.service';
import { HeadMoves, type HeadMove } from './head-moves.service';
import { HistoryPlaces, type HistoryPlace } from './history-places.service';
import type { IngestStatus, VerifiedEvent } from './ingest.model';
import { MissingEventsError, type Placed, type PlacingOptions } from './placing.model';
import { NO_REDACTION, Redactions } from './redactions.service';
import { PriorStates } from './prior-states.service';
import {
  ownEntry,
  toHeadEvent,
  type HeadEvent,
  type Incoming,
  type PreparedEvent,
  type StateBase,
} from './prepared-event.model';
import type { RoomHead } from './room-head.model';
import type { RoomHeads } from './room-heads.service';
import type { StateResolver } from './state-resolver.service';
import { SurroundingsReader, type Glance, type Surroundings } from './surroundings.service';
import { NO_PLACE, UNKNOWN_STATE, type StoredEvent, type TransactionKey } from './timeline.model';

/** What an event was found to be. */
interface Judgement {
  readonly kind: 'live' | 'soft_failed' | 'rejected' | 'history';
  readonly problem: MatrixError | undefined;
}

/** An event that does not simply follow all there is. */
interface Apart {
  readonly event: SignedEvent;
  readonly around: Surroundings;
  readonly options: PlacingOptions;
  /** The event as it was known without its history. */
  readonly outlier: DagEvent | undefined;
  readonly redactedBy: StoredEvent | undefined;
}

/** What is around the place that such an event takes in the graph. */
interface Site {
  readonly previous: readonly DagEvent[];
  /** Predecessors that this server lacks. */
  readonly gaps: readonly string[];
  readonly history: HistoryPlace | undefined;
  readonly before: StateBase;
  /** Of the state before, what matters to the event. */
  readonly entries: ReadonlyMap<string, StoredEvent>;
  readonly move: HeadMove | undefined;
}

/**
 * Judges events from elsewhere and gives them their place in the room's graph and order. Called in the room's queue, with
 * nothing to wait for but the database.
 */
export class EventPlacing {
  private readonly dag: DagReader;
  private readonly surroundings: SurroundingsReader;
  private readonly moves: HeadMoves;
  private readonly redactions: Redactions;
  private readonly places: HistoryPlaces;
  private readonly priors: PriorStates;

  constructor(
    reader: Reader,
    rooms: RoomState,
    private readonly heads: RoomHeads,
    private readonly events: EventStore,
    private readonly judge: EventJudge,
    resolver: StateResolver,
    private readonly committer: Committer,
  ) {
    this.dag = new DagReader(reader);
    this.surroundings = new SurroundingsReader(reader, heads, events);
    this.moves = new HeadMoves(reader, rooms, events, resolver);
    this.redactions = new Redactions(reader, events, judge);
    this.places = new HistoryPlaces(reader, events);
    this.priors = new PriorStates(rooms, resolver);
  }

  /**
   * Places events in their order; those that are not complete enough come back as what they lack.
   * @throws Error when the database fails
   */
  async placeAll(
    head: RoomHead,
    batch: readonly { readonly event: SignedEvent; readonly options: PlacingOptions }[],
  ): Promise<(Placed | MissingEventsError)[]> {
    const events = batch.map(({ event }) => event);
    const glance = await this.surroundings.glance(head, events);
    const outcomes: (Placed | MissingEventsError)[] = [];
    for (const { event, options } of batch) {
      try {
        outcomes.push(await this.place(head, event, options, glance));
        glance.placed(event, events);
      } catch (error) {
        if (!(error instanceof MissingEventsError)) {
          letGo(outcomes);
          throw error;
        }
        outcomes.push(error);
      }
    }
    return outcomes;
  }

  /**
   * Places one event. The usual one, which follows all that is there, is judged on the head and waits for no commit.
   * @throws MissingEventsError when events that it refers to are not here, Error when the database fails
   */
  async place(head: RoomHead, event: SignedEvent, options: PlacingOptions = {}, given?: Glance): Promise<Placed> {
    if (head.unfinished(event.eventId) !== undefined || given?.knows(head.room!, event)) return settled('known');
    if (isPlain(head, event, options)) {
      const glance = given ?? (await this.surroundings.glance(head, [event]));
      const seen = glance.around(head, event);
      const done = seen && (await this.placePlain(head, event, seen, options));
      if (done !== undefined) return done;
    }
    await head.settled();
    if (head.failure !== undefined) throw head.failure;
    const around = await this.surroundings.of(head, event);
    const known = around.known.get(event.eventId);
    if (known !== undefined) return this.placeKnown(head, event, around, options, known);
    const redactedBy = await this.redactions.ahead(head, event);
    return this.placeApart(head, { event, around, options, outlier: undefined, redactedBy });
  }

  /** An event that is there: only as state, until its history comes. */
  private async placeKnown(
    head: RoomHead,
    event: SignedEvent,
    around: Surroundings,
    options: PlacingOptions,
    known: DagEvent,
  ): Promise<Placed> {
    // Versions 1 and 2 let a sender give an event the id of one in another room.
    if (known.snapshotBefore !== UNKNOWN_STATE || known.roomNid !== head.room!.nid) return settled('known');
    const copy = await this.copyThatCounts(head, event, known);
    const copyAround = copy === event ? around : await this.surroundings.of(head, copy);
    const redactedBy = await this.redactions.ahead(head, copy);
    return this.placeApart(head, { event: copy, around: copyAround, options, outlier: known, redactedBy });
  }

  /**
   * Of two copies of an event the stored one counts, unless it was spoilt and the new one is whole. Where the id is the
   * sender's choice, the new one may be another event altogether.
   */
  private async copyThatCounts(head: RoomHead, event: SignedEvent, known: DagEvent): Promise<SignedEvent> {
    const isWhole = !('hashMatches' in event) || (event as VerifiedEvent).hashMatches;
    if (isWhole && head.version.eventIds !== 'field') return event;
    const { pdu } = (await this.events.event(known.nid))!;
    const json = canonicalJson(pdu, { strict: head.version.strictCanonicalJson });
    return { ...event, pdu: pdu as Pdu, json };
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
  private async placeApart(head: RoomHead, apart: Apart): Promise<Placed> {
    const { event, around, options } = apart;
    const room = head.room!;
    const previousIds = [...new Set(prevEventIds(event.pdu))];
    const previous = previousIds.map((id) => around.known.get(id)).filter((one) => isInGraph(one, room.nid));
    const gaps = previousIds.filter((id) => !isInGraph(around.known.get(id), room.nid));
    if (gaps.length > 0 && options.fetched === undefined) throw new MissingEventsError(gaps);
    const history = options.history ?? (await this.places.inGap(room.nid, event.eventId));
    // A room begins once; its create event comes again with history alone.
    if (history === undefined && isCreateEvent(event.pdu)) return settled('known');
    const before = await this.priors.before(head, previous, options.fetched);
    const entries = await this.judge.entriesFor(head.version, event.pdu, before);
    const judgement = await this.judged(head, apart, entries, history);
    const auth = around.auth.map((one) => one.head);
    const own = ownEntry(event.pdu);
    const move =
      judgement.kind === 'live' ? await this.moves.with(head, { event, previous, before, own, auth }) : undefined;
    const site: Site = { previous, gaps, history, before, entries, move };
    const prepared = await this.prepareApart(head, apart, judgement, site);
    head.place(prepared, prepared.incoming, prepared.incoming.changed);
    const written = this.append(head, prepared, options.transaction).then((result) => {
      if (result !== undefined) this.priors.remember(prepared, result, previous, move, options.fetched === undefined);
      return result;
    });
    const { kind, problem } = judgement;
    const status = kind === 'live' || kind === 'history' ? 'accepted' : kind;
    return { status, ...(problem === undefined ? {} : { error: problem }), written };
  }

  /** The event as it is to be written. */
  private async prepareApart(
    head: RoomHead,
    { event, around, outlier, redactedBy }: Apart,
    { kind }: Judgement,
    { previous, gaps, history, before, entries, move }: Site,
  ): Promise<PreparedEvent & { incoming: Incoming }> {
    const { pdu } = event;
    const redaction = kind === 'rejected' ? NO_REDACTION : await this.redactions.of(head, pdu, before);
    const shown = pdu.type !== 'm.room.redaction' || redaction.target !== undefined;
    const [own] = ownEntry(pdu);
    const replaces = own && entries.get(stateMapKey(own.type, own.stateKey));
    const stored = await this.events.events(previous.map((one) => one.nid));
    const prepared: PreparedEvent = {
      eventId: event.eventId,
      pdu,
      json: event.json,
      ordinal: kind === 'live' && shown ? head.nextOrdinal(gaps.length > 0) : (history?.ordinal ?? NO_PLACE),
      depthBefore: head.depth,
      previous: stored.map(toHeadEvent),
      replaces: replaces && toHeadEvent(replaces),
      replacesCurrent: own && (await this.heads.state(head, own.type, own.stateKey)),
      redacts: kind === 'soft_failed' ? undefined : redaction.target,
      auth: own === undefined ? [] : around.auth.map((one) => one.head),
    };
    const incoming: Incoming = {
      kind,
      shown,
      outlierNid: outlier?.nid,
      before,
      current: move?.current ?? [],
      changed: move?.changed ?? [],
      gaps,
      beside: history?.beside,
      extremities: move && [...move.left, prepared],
      redactedBy,
      redactsLater: redaction.later,
    };
    return Object.assign(prepared, { incoming });
  }

  /** Checks 4 to 7. What somebody here asked for as history is not news, so that the room's present does not judge it. */
  private async judged(
    head: RoomHead,
    { event, around, options, outlier }: Apart,
    entries: ReadonlyMap<string, StoredEvent>,
    history: HistoryPlace | undefined,
  ): Promise<Judgement> {
    const { version } = head;
    const inForce = (held: ReadonlyMap<string, { readonly pdu: object }>): Map<string, Pdu> =>
      options.partial === true ? withMembersOf(around, held) : pdus(held);
    const rejection =
      (outlier?.rejected === true ? new ForbiddenError('The event was rejected before') : undefined) ??
      this.judge.byAuthEvents(version, event, around.auth, around.create) ??
      this.judge.byState(version, event.pdu, inForce(entries), around.create?.pdu);
    if (rejection !== undefined) return { kind: 'rejected', problem: rejection };
    if (options.history !== undefined) return { kind: 'history', problem: undefined };
    const current = inForce(await this.currentEntries(head, event.pdu));
    const failure = options.policyRefusal ?? this.judge.byState(version, event.pdu, current, around.create?.pdu);
    if (failure !== undefined) return { kind: 'soft_failed', problem: failure };
    return { kind: history === undefined ? 'live' : 'history', problem: undefined };
  }

  private append(head: RoomHead, event: PreparedEvent, transaction?: TransactionKey): Promise<StoredEvent | undefined> {
    const written = this.committer.append({ head, events: [event], transaction });
    event.written = written;
    return written.then((stored) => stored[0]);
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
}

/** Whether an event follows all that is there, in the usual way. */
function isPlain(
  head: RoomHead,
  { pdu }: SignedEvent,
  { fetched, history, policyRefusal, partial }: PlacingOptions,
): boolean {
  return (
    head.isFollowedBy(prevEventIds(pdu)) &&
    pdu.type !== 'm.room.redaction' &&
    partial !== true &&
    [fetched, history, policyRefusal].every((one) => one === undefined)
  );
}

/** Nobody will ask what became of these: their commits may have failed too. */
function letGo(outcomes: readonly (Placed | MissingEventsError)[]): void {
  for (const outcome of outcomes) if ('written' in outcome) outcome.written.catch(() => undefined);
}

function settled(status: IngestStatus): Placed {
  return { status, written: Promise.resolve(undefined) };
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
