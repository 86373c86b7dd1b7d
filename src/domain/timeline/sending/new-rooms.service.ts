import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { ForbiddenError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import type { RoomOwnership } from '#platform/cluster/room-ownership';
import type { Tx } from '#platform/storage/storage';
import { creatorsOf } from '#protocol/auth-rules/index';
import { roomVersion } from '#protocol/room-versions';
import type { RoomInfo } from '../../room-state';
import type { Committer } from '../writing/committer.service';
import type { EventMaker, MakerDraft } from './event-maker.service';
import type { PreparedEvent } from '../heads/prepared-event.model';
import { RoomHead } from '../heads/room-head.model';
import type { TimelineConfig } from '../timeline.config';
import { RoomRulesError } from '../timeline.errors';
import type { StoredEvent } from '../timeline.model';

/** A room to be made: its events in order, the create event first, all by one sender. */
export interface NewRoomRequest {
  readonly version: string;
  readonly sender: string;
  /** Drafts made when the room's id is known, which from version 12 on follows from the create event. */
  readonly drafts: readonly Omit<MakerDraft, 'sender'>[] | ((roomId: string) => readonly Omit<MakerDraft, 'sender'>[]);
  readonly createContent: JsonObject;
  /** Rows that others write in the same transaction, such as the room's alias. A throw and there is no room. */
  readonly within?: (tx: Tx, room: RoomInfo) => Promise<void>;
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 18;
const EVENTS_AT_ONCE = 32;

/** Writes whole rooms, in one transaction each. */
export class NewRooms {
  private newest = 0;

  constructor(
    private readonly config: TimelineConfig,
    private readonly maker: EventMaker,
    private readonly committer: Committer,
    private readonly ownership: RoomOwnership,
    private readonly now: () => number,
  ) {}

  /**
   * Makes a room. A draft that the room's own rules refuse undoes it all.
   * @throws RoomRulesError by the rules, TooLargeError, BadJsonError, UnsupportedRoomVersionError
   */
  async create(request: NewRoomRequest): Promise<{ room: RoomInfo; events: StoredEvent[] }> {
    const version = roomVersion(request.version);
    const { sender, createContent } = request;
    const content = { ...createContent, room_version: version.id };
    const provisionalId = this.newRoomId();
    const provisional = new RoomHead(provisionalId, version, await this.ownership.claim(provisionalId));
    const originServerTs = this.timeOfItsOwn();
    const create = await this.prepare(provisional, {
      type: 'm.room.create',
      stateKey: '',
      content,
      sender,
      originServerTs,
    });
    const roomId = version.createEventIsRoomId ? `!${create.eventId.slice(1)}` : provisional.roomId;
    const claim = version.createEventIsRoomId ? await this.ownership.claim(roomId) : provisional.claim;
    const head = new RoomHead(roomId, version, claim);
    head.advance(create);
    const drafts = typeof request.drafts === 'function' ? request.drafts(roomId) : request.drafts;
    const events = [create];
    for (const draft of drafts) {
      events.push(...(await this.prepareNew(head, { ...draft, sender })));
      // Signing takes time, and a room may begin with many events: other requests get their turn.
      if (events.length % EVENTS_AT_ONCE === 0) await turn();
    }
    const { type: roomType } = createContent;
    const newRoom = {
      roomId,
      version: version.id,
      creators: creatorsOf(version, create.pdu),
      roomType: typeof roomType === 'string' ? roomType : null,
    };
    const stored = await this.committer.append({ head, events, newRoom, within: request.within });
    return { room: head.room!, events: stored };
  }

  /** Two rooms that a user makes in one millisecond would be one by their create events, where these give them their ids. */
  private timeOfItsOwn(): number {
    this.newest = Math.max(this.now(), this.newest + 1);
    return this.newest;
  }

  private async prepare(head: RoomHead, draft: MakerDraft): Promise<PreparedEvent> {
    const [made] = await this.prepareNew(head, draft);
    return made!;
  }

  /** Nothing for a draft that repeats the state as it is. */
  private async prepareNew(head: RoomHead, draft: MakerDraft): Promise<PreparedEvent[]> {
    try {
      const made = await this.maker.make(head, draft);
      return 'existing' in made ? [] : [made];
    } catch (error) {
      throw error instanceof ForbiddenError ? new RoomRulesError(error.message) : error;
    }
  }

  private newRoomId(): string {
    let id = '';
    while (id.length < ID_LENGTH) id += ID_LETTERS[randomInt(ID_LETTERS.length)];
    return `!${id}:${this.config.serverName}`;
  }
}
