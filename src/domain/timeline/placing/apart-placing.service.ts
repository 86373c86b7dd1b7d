import type { Reader } from '#platform/storage/storage';
import { isCreateEvent, prevEventIds } from '#protocol/events/index';
import { stateMapKey, type RoomState } from '../../room-state';
import type { Apart } from './apart.model';
import type { Committer } from '../writing/committer.service';
import { isInGraph, type DagEvent } from '../store/dag.model';
import type { EventJudge } from './event-judge.service';
import type { EventStore } from '../store/event-store.service';
import { HeadMoves, type HeadMove } from './head-moves.service';
import { HistoryPlaces, type HistoryPlace } from './history-places.service';
import { Judgements, type Judgement } from './judgements.service';
import { alreadyKnown, MissingEventsError, type Placed } from './placing.model';
import {
  ownEntry,
  toHeadEvent,
  type HeadEvent,
  type Incoming,
  type PlacedApart,
  type PreparedEvent,
  type StateBase,
} from '../heads/prepared-event.model';
import { PriorStates } from './prior-states.service';
import { NO_REDACTION, Redactions, type Redaction } from './redactions.service';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { StateResolver } from '../resolving/state-resolver.service';
import { NO_PLACE, type StoredEvent } from '../timeline.model';

/** What placing events takes. */
export interface PlacingParts {
  readonly storage: Reader;
  readonly rooms: RoomState;
  readonly heads: RoomHeads;
  readonly events: EventStore;
  readonly judge: EventJudge;
  readonly resolver: StateResolver;
  readonly committer: Committer;
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
  /** What the event redacts, and what redacts it. */
  readonly redaction: Redaction;
  readonly redactedBy: StoredEvent | undefined;
}

/**
 * Places events that do not simply follow all there is: forks, gaps, outliers whose history arrived, redactions, history.
 * All before them is committed.
 */
export class ApartPlacing {
  private readonly judgements: Judgements;
  private readonly moves: HeadMoves;
  private readonly redactions: Redactions;
  private readonly places: HistoryPlaces;
  private readonly priors: PriorStates;

  constructor(private readonly parts: PlacingParts) {
    const { storage, rooms, heads, events, judge, resolver } = parts;
    this.judgements = new Judgements(heads, judge);
    this.moves = new HeadMoves(storage, rooms, events, resolver);
    this.redactions = new Redactions(storage, events, judge);
    this.places = new HistoryPlaces(storage, events);
    this.priors = new PriorStates(rooms, resolver);
  }

  /** @throws MissingEventsError when predecessors are not here and no state was fetched for want of them */
  async place(head: RoomHead, apart: Apart): Promise<Placed> {
    const { event, options } = apart;
    const { previous, gaps } = linksOf(apart, head.room!.nid);
    if (gaps.length > 0 && options.fetched === undefined) throw new MissingEventsError(gaps);
    const history = options.history ?? (await this.places.inGap(head.room!.nid, event.eventId));
    // A room begins once; its create event comes again with history alone.
    if (history === undefined && isCreateEvent(event.pdu)) return alreadyKnown();
    const before = await this.priors.before(head, previous, options.fetched);
    const entries = await this.parts.judge.entriesFor(head.version, event.pdu, before);
    const judgement = await this.judgements.of(head, apart, entries, history);
    const { kind } = judgement;
    const site: Site = {
      previous,
      gaps,
      history,
      before,
      entries,
      move: kind === 'live' ? await this.moves.with(head, { event, previous, before, auth: authOf(apart) }) : undefined,
      redaction: kind === 'rejected' ? NO_REDACTION : await this.redactions.of(head, event.pdu, before),
      redactedBy: await this.redactions.ahead(head, event),
    };
    const prepared = await this.prepare(head, apart, judgement, site);
    head.place(prepared);
    return this.append(head, apart, prepared, judgement, site);
  }

  private append(
    head: RoomHead,
    { options }: Apart,
    prepared: PlacedApart,
    { kind, problem }: Judgement,
    { previous, move }: Site,
  ): Placed {
    const written = this.parts.committer.appendOne(head, prepared, options.transaction).then((stored) => {
      this.priors.remember(prepared, stored, previous, move, options.fetched === undefined);
      return stored;
    });
    const status = kind === 'live' || kind === 'history' ? 'accepted' : kind;
    return { status, ...(problem === undefined ? {} : { error: problem }), written };
  }

  /** The event as it is to be written. */
  private async prepare(head: RoomHead, apart: Apart, { kind }: Judgement, site: Site): Promise<PlacedApart> {
    const { eventId, pdu, json } = apart.event;
    const { previous, gaps, history, entries, redaction } = site;
    const [own] = ownEntry(pdu);
    const replaces = own && entries.get(stateMapKey(own.type, own.stateKey));
    const stored = await this.parts.events.events(previous.map((one) => one.nid));
    const isAtEnd = kind === 'live' && isShown(apart, site);
    const prepared: PreparedEvent = {
      eventId,
      pdu,
      json,
      ordinal: isAtEnd ? head.nextOrdinal(gaps.length > 0) : (history?.ordinal ?? NO_PLACE),
      depthBefore: head.depth,
      previous: stored.map(toHeadEvent),
      replaces: replaces && toHeadEvent(replaces),
      replacesCurrent: own && (await this.parts.heads.state(head, own.type, own.stateKey)),
      redacts: kind === 'soft_failed' ? undefined : redaction.target,
      auth: own === undefined ? [] : authOf(apart),
    };
    return Object.assign(prepared, { incoming: incomingOf(prepared, apart, kind, site) });
  }
}

function incomingOf(prepared: PreparedEvent, apart: Apart, kind: Incoming['kind'], site: Site): Incoming {
  const { before, gaps, history, move, redaction, redactedBy } = site;
  return {
    kind,
    shown: isShown(apart, site),
    outlierNid: apart.outlier?.nid,
    before,
    current: move?.current ?? [],
    changed: move?.changed ?? [],
    gaps,
    beside: history?.beside,
    extremities: move && [...move.left, prepared],
    redactedBy,
    redactsLater: redaction.later,
  };
}

/** Redactions that are not in force are not shown. */
function isShown({ event }: Apart, { redaction }: Site): boolean {
  return event.pdu.type !== 'm.room.redaction' || redaction.target !== undefined;
}

function authOf({ around }: Apart): HeadEvent[] {
  return around.auth.map((one) => one.head);
}

/** Which of the events that one follows are in the room's graph, and which are not. */
function linksOf({ event, around }: Apart, roomNid: number): { previous: DagEvent[]; gaps: string[] } {
  const ids = [...new Set(prevEventIds(event.pdu))];
  return {
    previous: ids.map((id) => around.known.get(id)).filter((one) => isInGraph(one, roomNid)),
    gaps: ids.filter((id) => !isInGraph(around.known.get(id), roomNid)),
  };
}
