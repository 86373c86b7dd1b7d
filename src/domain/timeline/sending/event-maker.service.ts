import { randomBytes } from 'node:crypto';
import { ForbiddenError, InvalidParamError, MissingParamError, NotFoundError, TooLargeError } from '#kernel/errors';
import { isValidEventId, MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { canonicalJson } from '#protocol/canonical-json';
import { authTypesFor, checkAuth, powerLevels, type StateKey } from '#protocol/auth-rules/index';
import {
  buildEvent,
  hashAndSign,
  isCreateEvent,
  redactsOf,
  referenceHash,
  type Pdu,
  type SignedEvent,
} from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { stateMapKey } from '../../room-state';
import type { EventStore } from '../store/event-store.service';
import { toHeadEvent, type HeadEvent, type PreparedEvent } from '../heads/prepared-event.model';
import type { RoomHead } from '../heads/room-head.model';
import type { RoomHeads } from '../heads/room-heads.service';
import type { TimelineConfig } from '../timeline.config';
import type { EventDraft } from '../timeline.model';

/** A draft and who sends it; a room's create event comes without a room id from version 12 on. */
export type MakerDraft = Omit<EventDraft, 'roomId'> & { readonly sender: string };

type State = ReadonlyMap<string, HeadEvent>;

/** What an event follows, and the entries that judge it in the state which that makes. */
export interface Footing {
  readonly previous: readonly HeadEvent[];
  readonly state: State;
}

/**
 * Makes events of this server's users: chooses their auth events, judges them by the state before them, signs them, and
 * moves the room's head past them. Called in the room's queue.
 */
export class EventMaker {
  constructor(
    private readonly config: TimelineConfig,
    private readonly heads: RoomHeads,
    private readonly events: EventStore,
    private readonly now: () => number,
  ) {}

  /**
   * Prepares an event after all extremities. A state event that repeats what its key holds gives the event that is there.
   * @throws ForbiddenError by the room's rules, TooLargeError, BadJsonError; redactions also NotFoundError
   */
  async make(head: RoomHead, draft: MakerDraft): Promise<PreparedEvent | { readonly existing: HeadEvent }> {
    const made = await this.prepare(head, draft, await this.onHead(head, draft));
    if (!('existing' in made)) head.advance(made);
    return made;
  }

  /** Makes an event without moving the head: on all extremities, or on a footing of its own. @throws as `make` does */
  async sign(
    head: RoomHead,
    draft: MakerDraft,
    footing?: Footing,
  ): Promise<SignedEvent | { readonly existing: HeadEvent }> {
    const made = await this.prepare(head, draft, footing ?? (await this.onHead(head, draft)));
    if ('existing' in made) return made;
    const { pdu, eventId, json } = made;
    return { pdu, eventId, json, roomId: head.roomId };
  }

  private async onHead(head: RoomHead, draft: MakerDraft): Promise<Footing> {
    return { previous: head.extremities, state: await this.stateFor(head, draft) };
  }

  private async prepare(
    head: RoomHead,
    draft: MakerDraft,
    { previous, state }: Footing,
  ): Promise<PreparedEvent | { readonly existing: HeadEvent }> {
    checkSizes(draft);
    const pdu = this.build(head, draft, { previous, state });
    const create = state.get(stateMapKey('m.room.create', ''));
    checkAuth(head.version, pdu, (type, key) => state.get(stateMapKey(type, key))?.pdu, create?.pdu);
    const replaces =
      draft.stateKey === undefined ? undefined : await this.heads.state(head, draft.type, draft.stateKey);
    if (replaces !== undefined && isRepeat(head, replaces, draft)) return { existing: replaces };
    const redacts = draft.type === 'm.room.redaction' ? await this.redactionTarget(head, pdu, state) : undefined;
    const signed = hashAndSign(head.version, pdu, this.config.serverName, this.config.signingKey);
    return {
      eventId: signed.eventId,
      pdu: signed.pdu,
      json: signed.json,
      ordinal: head.ordinal + 1,
      depthBefore: head.depth,
      previous,
      replaces,
      redacts,
      auth: draft.stateKey === undefined ? [] : authOf(head, state),
    };
  }

  /** The entries of the room's state that judge a draft, and its create event. */
  private async stateFor(head: RoomHead, draft: MakerDraft): Promise<State> {
    const { type, sender, content, stateKey } = draft;
    const subject = { type, sender, content, ...(stateKey === undefined ? {} : { state_key: stateKey }) };
    const keys: StateKey[] = [['m.room.create', ''], ...authTypesFor(head.version, subject)];
    return this.heads.entries(head, keys);
  }

  private build(head: RoomHead, draft: MakerDraft, { previous, state }: Footing): Pdu {
    const { version } = head;
    const { type, sender, content, stateKey, redacts } = draft;
    // Under another key, or none, it is an event like others, for the room's rules to refuse.
    const create = type === 'm.room.create' && stateKey === '';
    const auth = create ? [] : authOf(head, state);
    return buildEvent(version, {
      roomId: create && version.createEventIsRoomId ? undefined : head.roomId,
      eventId: version.eventIds === 'field' ? newEventId(this.config.serverName) : undefined,
      hashOf: version.hashedReferences ? hashesOf(version, [...auth, ...previous]) : undefined,
      stateKey,
      redacts,
      type,
      sender,
      content,
      prevEvents: previous.map((event) => event.eventId),
      authEvents: auth.map((event) => event.eventId),
      depth: Math.min(head.depth + 1, Number.MAX_SAFE_INTEGER),
      originServerTs: draft.originServerTs ?? this.now(),
    });
  }

  /**
   * The event that a user's redaction is aimed at, when the user may redact it. The room versions would let every user of a
   * server redact all of that server's events; this server lets users redact their own, and those with the power others'.
   * Spec: client-server, "Redactions".
   */
  private async redactionTarget(head: RoomHead, redaction: Pdu, state: State): Promise<HeadEvent> {
    const eventId = redactsOf(head.version, redaction);
    if (eventId === undefined) throw new MissingParamError('redacts is missing');
    if (!isValidEventId(eventId)) throw new InvalidParamError('redacts is not an event ID');
    const target = head.unfinished(eventId) ?? (await this.storedTarget(head, eventId));
    if (target === undefined) throw new NotFoundError('The event to redact is not in this room');
    if (isCreateEvent(target.pdu)) throw new ForbiddenError('The create event cannot be redacted');
    const create = state.get(stateMapKey('m.room.create', ''))!.pdu;
    const levels = powerLevels(head.version, create, state.get(stateMapKey('m.room.power_levels', ''))?.pdu);
    if (target.pdu.sender !== redaction.sender && levels.userLevel(redaction.sender) < levels.redact) {
      throw new ForbiddenError('You do not have permission to redact events of others');
    }
    return target;
  }

  private async storedTarget(head: RoomHead, eventId: string): Promise<HeadEvent | undefined> {
    const event = (await this.events.byIds([eventId])).get(eventId);
    return event !== undefined && event.roomNid === head.room?.nid ? toHeadEvent(event) : undefined;
  }
}

/** What of the state that judges an event is named as its authority. */
function authOf({ version }: RoomHead, state: State): HeadEvent[] {
  return [...state.values()].filter((event) => !(version.createEventIsRoomId && isCreateEvent(event.pdu)));
}

function isRepeat(head: RoomHead, present: HeadEvent, draft: MakerDraft): boolean {
  if (draft.originServerTs !== undefined || present.pdu.sender !== draft.sender) return false;
  if (head.isBeingRedacted(present.eventId) || (present.stored?.redactedByNid ?? null) !== null) return false;
  const loose = { strict: false };
  return canonicalJson(present.pdu.content, loose) === canonicalJson(draft.content, loose);
}

function checkSizes(draft: MakerDraft): void {
  if (utf8Length(draft.type) > MAX_ID_BYTES) throw new TooLargeError('The event type is longer than 255 bytes');
  if (draft.stateKey !== undefined && utf8Length(draft.stateKey) > MAX_ID_BYTES) {
    throw new TooLargeError('The state key is longer than 255 bytes');
  }
}

/** References of versions 1 and 2 carry hashes. */
function hashesOf(version: RoomVersion, events: readonly HeadEvent[]): (eventId: string) => string {
  const pdus = new Map(events.map((event) => [event.eventId, event.pdu]));
  return (eventId) => referenceHash(version, pdus.get(eventId)!);
}

function newEventId(serverName: string): string {
  return `$${randomBytes(18).toString('base64url')}:${serverName}`;
}
