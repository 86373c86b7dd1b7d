import { canonicalJson } from '#protocol/canonical-json';
import type { Pdu, SignedEvent } from '#protocol/events/index';
import type { RoomInfo } from '../../room-state';
import { ApartPlacing, type PlacingParts } from './apart-placing.service';
import type { Apart } from './apart.model';
import { isInGraph, type DagEvent } from '../store/dag.model';
import { DagReader } from '../store/dag.repository';
import type { EventStore } from '../store/event-store.service';
import type { VerifiedEvent } from '../ingest.model';
import { alreadyKnown, MissingEventsError, type Placed, type PlacingOptions } from './placing.model';
import { isPlain, PlainPlacing } from './plain-placing.service';
import type { RoomHead } from '../heads/room-head.model';
import { SurroundingsReader, type Glance } from './surroundings.service';
import { UNKNOWN_STATE, type StoredEvent } from '../timeline.model';

/**
 * Judges events from elsewhere and gives them their place in the room's graph and order. Called in the room's queue, with
 * nothing to wait for but the database.
 */
export class EventPlacing {
  private readonly events: EventStore;
  private readonly dag: DagReader;
  private readonly surroundings: SurroundingsReader;
  private readonly plain: PlainPlacing;
  private readonly apart: ApartPlacing;

  constructor(parts: PlacingParts) {
    const { storage, heads, events, judge, committer } = parts;
    this.events = events;
    this.dag = new DagReader(storage);
    this.surroundings = new SurroundingsReader(storage, heads, events);
    this.plain = new PlainPlacing(heads, judge, committer);
    this.apart = new ApartPlacing(parts);
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
    if (head.unfinished(event.eventId) !== undefined || given?.knows(head.room!, event)) return alreadyKnown();
    if (isPlain(head, event, options)) {
      const glance = given ?? (await this.surroundings.glance(head, [event]));
      const seen = glance.around(head, event);
      const done = seen && (await this.plain.place(head, event, seen, options));
      if (done !== undefined) return done;
    }
    await head.settled();
    if (head.failure !== undefined) throw head.failure;
    const around = await this.surroundings.of(head, event);
    const known = around.known.get(event.eventId);
    const apart = { event, around, options };
    return known === undefined
      ? this.apart.place(head, { ...apart, outlier: undefined })
      : this.placeKnown(head, { ...apart, outlier: known });
  }

  /** An event that is there already and was accepted. */
  async stored(room: Pick<RoomInfo, 'nid'>, eventId: string): Promise<StoredEvent | undefined> {
    const [row] = await this.dag.byIds([eventId]);
    const isAccepted = isInGraph(row, room.nid) && !row.rejected && !row.softFailed;
    return isAccepted ? this.events.event(row.nid) : undefined;
  }

  /** An event that is there: only as state, until its history comes. */
  private async placeKnown(head: RoomHead, apart: Apart & { readonly outlier: DagEvent }): Promise<Placed> {
    const { event, around, outlier } = apart;
    // Versions 1 and 2 let a sender give an event the id of one in another room.
    if (outlier.snapshotBefore !== UNKNOWN_STATE || outlier.roomNid !== head.room!.nid) return alreadyKnown();
    const copy = await this.copyThatCounts(head, event, outlier);
    const copyAround = copy === event ? around : await this.surroundings.of(head, copy);
    return this.apart.place(head, { ...apart, event: copy, around: copyAround });
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
}

/** Nobody will ask what became of these: their commits may have failed too. */
function letGo(outcomes: readonly (Placed | MissingEventsError)[]): void {
  for (const outcome of outcomes) if ('written' in outcome) outcome.written.catch(() => undefined);
}
