import type { Requester } from '#kernel/requester';
import { LocalRoomOwnership } from '#platform/cluster/local/room-ownership';
import type { RoomOwnership } from '#platform/cluster/room-ownership';
import type { Positions, Storage } from '#platform/storage/storage';
import { membershipOf, type Pdu } from '#protocol/events/index';
import type { RoomInfo, RoomState, SnapshotId } from '../room-state';
import { Appending } from './sending/appending.service';
import { Committer } from './writing/committer.service';
import type { OrdinalRange } from './store/event.repository';
import { EventReader } from './store/event.repository';
import { EventMaker, type MakerDraft } from './sending/event-maker.service';
import { EventStore } from './store/event-store.service';
import { MessageRules } from './sending/message-rules.service';
import { NewRooms, type NewRoomRequest } from './sending/new-rooms.service';
import { RoomHeads } from './heads/room-heads.service';
import { RoomPlaces } from './store/room-places.service';
import { RoomWatchers } from './writing/room-watchers.service';
import { RequestExpiryJob } from './writing/request-expiry.job';
import { Requests } from './writing/requests.service';
import { composeElsewhere } from './elsewhere.service';
import type { GraphReads } from './history/graph-reads.service';
import type { History } from './history/history.service';
import type { Ingest } from './ingest/ingest.service';
import { IngestBinding } from './ingest/ingest-binding.service';
import type { IngestPorts } from './ingest.ports';
import type { PartialStates } from './store/partial-states.service';
import type { RestatedRooms } from './imports/restated-rooms.service';
import type { RoomImports } from './imports/room-imports.service';
import type { Templates } from './sending/event-templates.service';
import type { TimelineConfig } from './timeline.config';
import { NotInRoomError } from './timeline.errors';
import type { EventDraft, StoredEvent, TransactionKey } from './timeline.model';
import type { AppendParticipant, DraftRule } from './timeline.ports';

/**
 * The events of rooms: the only door through which one is written, and all reads of stored events. What a user may see of
 * them is decided above, in event-views.
 */
export class Timeline {
  /** Forgets old transaction ids; started and stopped by the composition. */
  readonly requestExpiry: RequestExpiryJob;
  /** The one way in for events of other servers. */
  readonly ingest: Ingest;
  /** Rooms that come from other servers, whole. */
  readonly imports: RoomImports;
  /** Events that one server makes and another signs. */
  readonly templates: Templates;
  /** Which rooms' states lack members. */
  readonly partialStates: PartialStates;
  /** Which rooms clients must take in anew. */
  readonly restatedRooms: RestatedRooms;
  /** History from before what this server has. */
  readonly history: History;
  /** The graph behind the order, for what other servers may read. */
  readonly graph: GraphReads;
  private readonly store: EventStore;
  private readonly reader: EventReader;
  private readonly places: RoomPlaces;
  private readonly committer: Committer;
  private readonly newRooms: NewRooms;
  private readonly requests: Requests;
  private readonly rules: DraftRule[];
  private readonly watchers: RoomWatchers;
  private readonly appending: Appending;
  private readonly binding = new IngestBinding();

  constructor(
    config: TimelineConfig,
    storage: Storage,
    private readonly rooms: RoomState,
    now: () => number = Date.now,
    ownership: RoomOwnership = new LocalRoomOwnership(),
  ) {
    this.store = new EventStore(storage, rooms);
    this.reader = new EventReader(storage);
    this.places = new RoomPlaces(storage);
    const heads = new RoomHeads(storage, rooms, this.store, ownership);
    const maker = new EventMaker(config, heads, this.store, now);
    this.committer = new Committer(storage, rooms, this.store, heads, this.places, now);
    this.newRooms = new NewRooms(config, maker, this.committer, ownership, now);
    this.requests = new Requests(storage);
    this.requestExpiry = new RequestExpiryJob(storage, now);
    this.rules = [new MessageRules(this.store)];
    this.watchers = new RoomWatchers(storage);
    const { store, committer, places, binding } = this;
    const heart = { config, storage, rooms, store, heads, maker, committer, places, now, binding };
    const elsewhere = composeElsewhere(heart);
    this.ingest = elsewhere.ingest;
    this.imports = elsewhere.imports;
    this.templates = elsewhere.templates;
    this.partialStates = elsewhere.partial;
    this.restatedRooms = elsewhere.restated;
    this.history = elsewhere.history;
    this.graph = elsewhere.graph;
    this.appending = new Appending(heads, maker, committer, this.requests, elsewhere.beside);
  }

  /** Binds what the ingest needs of membership and federation, and who hears of its background failures. */
  bindElsewhere(ports: IngestPorts, onError: (error: unknown) => void): void {
    this.binding.bind(ports, onError);
  }

  /** Lets a feature write rows in the transaction of every append. Called while the program is put together. */
  addParticipant(participant: AppendParticipant): void {
    this.committer.addParticipant(participant);
  }

  /** Calls `wake` after every commit of events in a room; returns what ends that. */
  watch(roomId: string, wake: () => void): () => void {
    return this.watchers.watch(roomId, wake);
  }

  /** Lets a feature refuse drafts of local users. Called while the program is put together. */
  addRule(rule: DraftRule): void {
    this.rules.push(rule);
  }

  /**
   * Sends an event of a local user; the event's id, once it is durable and readable. A repeated `transaction` gives the first
   * answer; a state event that repeats the present state gives the event that is there.
   * Spec: client-server API, "Sending events to a room".
   * @throws ForbiddenError by the room's rules, and for unknown rooms; TooLargeError, BadJsonError, and what rules throw
   */
  send(requester: Requester, draft: EventDraft, transaction?: TransactionKey): Promise<string> {
    return this.requests.once(transaction, async () => {
      const room = await this.rooms.info(draft.roomId);
      if (room === undefined) throw new NotInRoomError();
      // Rules may look at other events of the room, which strangers must not learn about.
      if (draft.content['m.relates_to'] !== undefined) await this.requireJoined(room, requester.userId);
      for (const rule of this.rules) await rule.checkDraft(requester, room, draft);
      const [event] = await this.append(room, [{ ...draft, sender: requester.userId }], transaction);
      return event!.eventId;
    });
  }

  /**
   * Appends events of local users to a room, all or none, in one transaction; where they cannot simply follow all there is,
   * one after another (see {@link AppendingBeside}). Judged by the room's rules, not by the {@link DraftRule}s: the caller
   * answers for those. A draft that repeats the present state gives the event that is there.
   */
  append(room: RoomInfo, drafts: readonly MakerDraft[], transaction?: TransactionKey): Promise<StoredEvent[]> {
    return this.appending.append(room, drafts, transaction);
  }

  /** Makes a room with all its events in one transaction. */
  createRoom(request: NewRoomRequest): Promise<{ room: RoomInfo; events: StoredEvent[] }> {
    return this.newRooms.create(request);
  }

  /** The event with this id, of whatever room; undefined when it is unknown or was never shown to anybody. */
  async event(eventId: string): Promise<StoredEvent | undefined> {
    return (await this.store.byIds([eventId])).get(eventId);
  }

  /** Events by id. At most two statements. */
  eventsById(eventIds: readonly string[]): Promise<Map<string, StoredEvent>> {
    return this.store.byIds(eventIds);
  }

  /** Events by number, in the order asked for; unknown ones are left out. One statement for those not in memory. */
  events(nids: readonly number[]): Promise<StoredEvent[]> {
    return this.store.events(nids);
  }

  /** A part of a room's one order: `from` and `to` are ordinals and both exclusive. */
  async range(room: Pick<RoomInfo, 'nid'>, range: OrdinalRange): Promise<StoredEvent[]> {
    const nids = this.places.recentNids(room.nid, range) ?? (await this.reader.nidsInRange(room.nid, range));
    return this.store.events(nids);
  }

  /** Ordinal of a room's newest event. */
  latestOrdinal(room: Pick<RoomInfo, 'nid'>): Promise<number> {
    return this.places.latest(room.nid);
  }

  /** The largest ordinal of a room that lies within stream positions; 0 when all its events came later. */
  ordinalAt(room: Pick<RoomInfo, 'nid'>, positions: Positions): Promise<number> {
    return this.places.ordinalAt(room.nid, positions);
  }

  /** The room's state after the event at `ordinal` (0: before its first event). One or two small statements. */
  async snapshotAfter(room: Pick<RoomInfo, 'nid'>, ordinal: number): Promise<SnapshotId> {
    const atEnd = await this.places.snapshotAtEnd(room.nid, ordinal);
    if (atEnd !== undefined) return atEnd;
    const [next] = await this.range(room, { from: ordinal, direction: 'f', limit: 1 });
    return next?.currentBefore ?? this.places.snapshot(room.nid);
  }

  /** Those of the rooms with events after `since`: from memory, so that a sync may ask for all of a user's rooms. */
  changedRooms(roomNids: readonly number[], since: Positions): Promise<number[]> {
    return this.places.changed(roomNids, since);
  }

  /** `unsigned.transaction_id` of events for the device (or token scope) that sent them. At most one statement. */
  transactionIds(eventNids: readonly number[], userId: string, scope: string): Promise<Map<number, string>> {
    return this.requests.idsOf(eventNids, userId, scope);
  }

  /** The event that now holds a key of a room's state. */
  async currentState(room: Pick<RoomInfo, 'nid'>, type: string, stateKey: string): Promise<StoredEvent | undefined> {
    return this.store.event(await this.rooms.current(room, type, stateKey));
  }

  /** The whole current state of a room. Two statements. */
  async currentStateAll(room: Pick<RoomInfo, 'nid'>): Promise<StoredEvent[]> {
    const entries = await this.rooms.currentAll(room);
    return this.store.events(entries.map((entry) => entry.eventNid));
  }

  /** The event that held a key of the state at a snapshot. */
  async stateAt(snapshot: SnapshotId, type: string, stateKey: string): Promise<StoredEvent | undefined> {
    return this.store.event(await this.rooms.at(snapshot, type, stateKey));
  }

  /** The state at a snapshot, whole or of some types. */
  async stateAllAt(snapshot: SnapshotId, options: { types?: readonly string[] } = {}): Promise<StoredEvent[]> {
    const entries = await this.rooms.atAll(snapshot, options);
    return this.store.events(entries.map((entry) => entry.eventNid));
  }

  private async requireJoined(room: RoomInfo, userId: string): Promise<void> {
    const member = await this.currentState(room, 'm.room.member', userId);
    if (member === undefined || membershipOf(member.pdu as Pdu) !== 'join') throw new NotInRoomError();
  }
}
