import { ForbiddenError, MatrixError, NotFoundError, UnknownError } from '#kernel/errors';
import { serverNameOf } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import type { Storage } from '#platform/storage/storage';
import { roomVersion } from '#protocol/room-versions';
import { parseCanonicalJson } from '#protocol/written-numbers';
import type { RoomInfo, RoomState } from '../../room-state';
import type { EventPlacing } from '../placing/event-placing.service';
import { claimedRoom, type Checked, type IncomingChecks } from './incoming-checks.service';
import type { IngestOutcome, VerifiedEvent } from '../ingest.model';
import type { IncomingEvents, IngestPorts } from '../ingest.ports';
import type { Inquiries, Inquiry } from './inquiries.service';
import type { MissingEvents } from './missing-events.service';
import type { ExtremityMerging } from '../sending/extremity-merging.service';
import type { PartialStates } from '../store/partial-states.service';
import { MissingEventsError, type Placed, type PlacingOptions } from '../placing/placing.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { StagedEvent } from './staged-event.repository';
import { Staging } from './staging.service';
import { PolicyUnavailableError } from '../timeline.errors';
import type { StoredEvent } from '../timeline.model';

/** Events placed in one turn of their room's queue, for which our users' own wait. */
const TURN = 16;
/** States fetched for what came before one event. SECURITY: row 36. */
const MAX_STATES = 8;

/** Everything that the ingest is made of; the timeline composes it. */
export interface IngestParts {
  readonly storage: Storage;
  readonly rooms: RoomState;
  readonly heads: RoomHeads;
  readonly placing: EventPlacing;
  readonly checks: IncomingChecks;
  readonly missing: MissingEvents;
  readonly inquiries: Inquiries;
  readonly partial: PartialStates;
  readonly merging: ExtremityMerging;
  readonly ports: () => IngestPorts;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * The one way in for events of other servers, whatever brought them. Spec: server-server, "Checks performed on receipt of a
 * PDU".
 */
export class Ingest implements IncomingEvents {
  private readonly staging: Staging;

  constructor(private readonly parts: IngestParts) {
    this.staging = new Staging({
      ...parts,
      take: (room, event, isLastTry) => this.takeStaged(room, event, isLastTry),
      onWorked: (room) => parts.merging.keepFew(room),
    });
  }

  /** Goes on with events that were waiting when the program ended. */
  start(): Promise<void> {
    return this.staging.start();
  }

  /** Resolves when nothing is under way. What waits for other servers goes on waiting after the next start. */
  stop(): Promise<void> {
    const stopped = this.staging.stop();
    this.parts.inquiries.stop();
    return stopped;
  }

  idle(): Promise<void> {
    return this.staging.idle();
  }

  async receive(origin: string, pdus: readonly JsonValue[]): Promise<IngestOutcome[]> {
    const outcomes = new Array<IngestOutcome>(pdus.length);
    const byRoom = new Map<string, number[]>();
    pdus.forEach((pdu, index) => {
      const roomId = claimedRoom(pdu);
      if (roomId === undefined) outcomes[index] = dropped(undefined, new NotFoundError('The event names no room'));
      else byRoom.set(roomId, [...(byRoom.get(roomId) ?? []), index]);
    });
    const rooms = [...byRoom].map(async ([roomId, indexes]) => {
      const some = indexes.map((index) => pdus[index]!);
      const results = await this.receiveOfRoom(origin, roomId, some);
      indexes.forEach((index, i) => (outcomes[index] = results[i]!));
    });
    await Promise.all(rooms);
    return outcomes;
  }

  async accept(origin: string, roomId: string, pdu: JsonValue): Promise<StoredEvent> {
    const room = await this.residentRoom(roomId);
    const [checked] = await this.parts.checks.check(roomVersion(room.version), roomId, origin, [pdu]);
    if (!('event' in checked!)) throw checked!.error;
    const { event } = checked;
    const denied = await this.parts.checks.checkAcl(room, origin, event.pdu.sender);
    if (denied !== undefined) throw denied;
    const { options, ...judged } = await this.judged(room, event);
    if (mustWait(options)) throw options.policyRefusal!;
    const placed = await this.fetchAndPlace(room, judged.event, options).catch((error: unknown) => {
      throw error instanceof MissingEventsError ? new NotFoundError('What the event follows cannot be had') : error;
    });
    if (placed.error !== undefined) throw placed.error;
    const stored = (await placed.written) ?? (await this.parts.placing.stored(room, event.eventId));
    if (stored === undefined) throw new ForbiddenError('The event is not allowed');
    await this.parts.merging.keepFew(room);
    return stored;
  }

  private async receiveOfRoom(origin: string, roomId: string, pdus: readonly JsonValue[]): Promise<IngestOutcome[]> {
    const answers = new Array<Promise<IngestOutcome>>(pdus.length);
    try {
      const room = await this.residentRoom(roomId);
      const checked = await this.parts.checks.check(roomVersion(room.version), roomId, origin, pdus);
      for (let from = 0; from < checked.length; from += TURN) {
        const turn = await this.takeTurn(room, checked.slice(from, from + TURN));
        for (const [index, answer] of turn.entries()) {
          // Its commit may fail before the turns after it are over, when nobody asks for the answer yet.
          answer.catch(() => undefined);
          answers[from + index] = answer;
        }
      }
      const outcomes = await Promise.all(answers);
      await this.parts.merging.keepFew(room);
      return outcomes;
    } catch (error) {
      await Promise.allSettled(answers);
      if (!(error instanceof MatrixError)) throw error;
      return pdus.map(() => dropped(undefined, error));
    }
  }

  private async residentRoom(roomId: string): Promise<RoomInfo> {
    const room = await this.parts.rooms.info(roomId);
    const isHere = room !== undefined && (await this.parts.ports().servers.isResident(room));
    if (!isHere) throw new NotFoundError('This server is not in the room');
    return room;
  }

  /** Places some events, or has them wait; the answers come with the commit, which the next turn need not wait for. */
  private async takeTurn(room: RoomInfo, turn: readonly Checked[]): Promise<Promise<IngestOutcome>[]> {
    const judged = await Promise.all(turn.map((one) => this.admitted(room, one)));
    const welcome = judged.flatMap((one) => ('status' in one || mustWait(one.options) ? [] : [one]));
    const placed = await this.inQueue(room, (head) => this.parts.placing.placeAll(head, welcome));
    const placedOf = new Map(welcome.map((one, index) => [one, placed[index]!]));
    return judged.map((one): Promise<IngestOutcome> => {
      if ('status' in one) return Promise.resolve(one);
      const outcome = placedOf.get(one);
      const waits = outcome === undefined || outcome instanceof MissingEventsError;
      return waits ? this.stage(room, one.event) : wrap(one.event.eventId, outcome);
    });
  }

  /** An event that may be placed, or why it is dropped. */
  private async admitted(
    room: RoomInfo,
    checked: Checked,
  ): Promise<IngestOutcome | { readonly event: VerifiedEvent; readonly options: PlacingOptions }> {
    if (!('event' in checked)) return dropped(checked.eventId, checked.error);
    const { eventId, pdu, origin } = checked.event;
    const denied = await this.parts.checks.checkAcl(room, origin, pdu.sender);
    return denied === undefined ? this.judged(room, checked.event) : dropped(eventId, denied);
  }

  /** The event, with the policy server's signature where that is wanted, and how to place it. */
  private async judged(
    room: RoomInfo,
    event: VerifiedEvent,
  ): Promise<{ readonly event: VerifiedEvent; readonly options: PlacingOptions }> {
    const { policy } = this.parts.ports();
    const partial = await this.parts.partial.isPartial(room);
    try {
      return { event: (await policy?.vouch(room, event)) ?? event, options: { partial } };
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      return { event, options: { partial, policyRefusal: error } };
    }
  }

  private async place(room: RoomInfo, event: VerifiedEvent, options: PlacingOptions): Promise<Placed> {
    return this.inQueue(room, async (head) => {
      // The promise of the commit must not be awaited here.
      return { placed: await this.parts.placing.place(head, event, options) };
    }).then(({ placed }) => placed);
  }

  private inQueue<T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>): Promise<T> {
    const ifNotOpen = () => new NotFoundError('This server is not in the room');
    return this.parts.heads.inQueue(room, work, { ifNotOpen });
  }

  private async stage(room: RoomInfo, { eventId, json, origin, pdu }: VerifiedEvent): Promise<IngestOutcome> {
    const isSenders = serverNameOf(pdu.sender) === origin;
    const isStaged = await this.staging.add({ roomNid: room.nid, eventId, json, origin }, isSenders);
    if (isStaged) return { eventId, status: 'staged' };
    return dropped(eventId, new UnknownError('Too many events of this room wait for others'));
  }

  private async takeStaged(room: RoomInfo, { json, origin, tries }: StagedEvent, isLastTry: boolean): Promise<void> {
    const value = parseCanonicalJson(json);
    const [checked] = await this.parts.checks.check(roomVersion(room.version), room.roomId, origin, [value]);
    if (!('event' in checked!)) return;
    const { event, options } = await this.judged(room, checked.event);
    if (mustWait(options) && !isLastTry) throw options.policyRefusal!;
    await (
      await this.fetchAndPlace(room, event, options, tries)
    ).written;
  }

  /** Fetches what an event refers to, places that, and then the event. @throws when servers do not help */
  private async fetchAndPlace(
    room: RoomInfo,
    event: VerifiedEvent,
    options: PlacingOptions,
    turn = 0,
  ): Promise<Placed> {
    try {
      return await this.place(room, event, options);
    } catch (error) {
      if (!(error instanceof MissingEventsError)) throw error;
    }
    const likeliest = serverNameOf(event.pdu.sender);
    const inquiry = this.parts.inquiries.open({ room, bringer: event.origin, likeliest, turn });
    const head = await this.parts.heads.of(room);
    const earliest = head.extremities.map((one) => one.eventId);
    let states = MAX_STATES;
    for (const before of await this.parts.missing.before(inquiry, event, earliest)) {
      try {
        await this.parts.missing.authority(inquiry, before);
        const { event: older, options: choice } = await this.judged(room, before);
        await this.place(room, older, choice).catch(async (error: unknown) => {
          if (!(error instanceof MissingEventsError) || states-- <= 0) throw error;
          // The oldest of what was fetched follow events that are further back.
          return this.placeAfterGap(inquiry, older, choice);
        });
      } catch (error) {
        if (!(error instanceof MissingEventsError)) this.parts.onError(error);
      }
    }
    return this.placeAfterGap(inquiry, event, options);
  }

  /** Places an event whose predecessors cannot be had, by the state that a server has before it. */
  private async placeAfterGap(inquiry: Inquiry, event: VerifiedEvent, options: PlacingOptions): Promise<Placed> {
    const { room } = inquiry;
    await this.parts.missing.authority(inquiry, event);
    try {
      return await this.place(room, event, options);
    } catch (error) {
      if (!(error instanceof MissingEventsError)) throw error;
    }
    const over = await this.parts.heads.committedState(room);
    const fetched = await this.parts.missing.stateBefore(inquiry, event, over);
    return this.place(room, event, { ...options, fetched });
  }
}

/**
 * Whether an event is refused for no other reason than that its policy server cannot be asked. One that others follow is
 * needed in its place, and does not wait.
 */
function mustWait({ policyRefusal }: PlacingOptions): boolean {
  return policyRefusal instanceof PolicyUnavailableError;
}

function dropped(eventId: string | undefined, error: MatrixError): IngestOutcome {
  return { eventId, status: 'dropped', error };
}

async function wrap(eventId: string, { status, error, written }: Placed): Promise<IngestOutcome> {
  const event = await written;
  return {
    eventId,
    status,
    ...(error === undefined ? {} : { error }),
    ...(status === 'accepted' && event !== undefined ? { event } : {}),
  };
}
