import { ForbiddenError, InvalidParamError, NotFoundError, UnknownError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { Storage, Tx } from '#platform/storage/storage';
import type { RoomInfo, RoomState } from '../room-state';
import { DirectoryEntriesReader, DirectoryEntriesWriter } from './directory-entries.repository';
import type { DirectoryConfig } from './directory.config';
import type { DirectoryEntry, DirectoryPlace, PublicRoomsPage, PublicRoomsQuery } from './directory.model';
import type { RemoteDirectory } from './directory.ports';
import type { RoomModeration } from './room-moderation.service';

export type RoomVisibility = 'public' | 'private';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;
const TOKEN = /^([np])(\d{1,16})_(\d{1,16})$/;

/** The public room directory of this server. Spec: client-server, "Published room directory". */
export class PublicRooms {
  private readonly reader: DirectoryEntriesReader;
  private remote: RemoteDirectory | undefined;

  constructor(
    private readonly config: DirectoryConfig,
    private readonly storage: Storage,
    private readonly roomState: Pick<RoomState, 'info'>,
    private readonly moderation: RoomModeration,
  ) {
    this.reader = new DirectoryEntriesReader(storage);
  }

  /** Binds who asks other servers for their directories. Called while composing. */
  bind(remote: RemoteDirectory): void {
    this.remote = remote;
  }

  /** @throws NotFoundError for a room that this server does not know */
  async visibility(roomId: string): Promise<RoomVisibility> {
    return (await this.reader.isPublished((await this.room(roomId)).nid)) ? 'public' : 'private';
  }

  /**
   * Lists a room or takes it out of the list.
   * @throws NotFoundError; ForbiddenError unless the requester manages the room and the server's policy allows listing
   */
  async setVisibility(requester: Requester, roomId: string, visibility: RoomVisibility): Promise<void> {
    const room = await this.room(roomId);
    if (!(await this.moderation.mayManage(requester, room))) throw new ForbiddenError('You may not list this room');
    if (visibility === 'public') this.checkPolicy(requester);
    await this.storage.write((tx) => new DirectoryEntriesWriter(tx).setPublished(room.nid, visibility === 'public'));
  }

  /** Lists a room within the caller's transaction, such as that of a new room. @throws ForbiddenError by the policy */
  async publish(tx: Tx, requester: Requester, roomNid: number): Promise<void> {
    this.checkPolicy(requester);
    await new DirectoryEntriesWriter(tx).setPublished(roomNid, true);
  }

  /**
   * A page of the directory, most members first. Two statements.
   * @throws InvalidParamError for a `since` that is not ours; what another server said about its directory
   */
  async page(query: PublicRoomsQuery): Promise<PublicRoomsPage> {
    const { server, since, search, roomTypes } = query;
    if (server !== undefined && server !== this.config.serverName) {
      if (this.remote !== undefined)
        return this.remote.publicRooms(server, { limit: query.limit, since, search, roomTypes });
      throw new UnknownError(`The room directory of ${server} cannot be asked`);
    }
    // Zero means no limit between servers, and nothing to clients: a page without a room could not lead to the next.
    const limit = Math.min(Math.max(query.limit || DEFAULT_LIMIT, 1), MAX_LIMIT);
    const place = since === undefined || since === '' ? undefined : parsePlace(since);
    const [found, total] = await Promise.all([
      this.reader.published(place, { search: search || undefined, roomTypes }, limit + 1),
      this.reader.countPublished(),
    ]);
    const hasMore = found.length > limit;
    const entries = found.slice(0, limit);
    const back = place?.direction === 'previous';
    if (back) entries.reverse();
    const first = entries[0];
    const last = entries.at(-1);
    return {
      entries,
      total,
      ...(last !== undefined && (back || hasMore) ? { nextBatch: printPlace('n', last) } : {}),
      ...(first !== undefined && (back ? hasMore : place !== undefined) ? { prevBatch: printPlace('p', first) } : {}),
    };
  }

  /** What lists tell about some rooms, published or not; the caller answers for who may know. */
  entries(roomNids: readonly number[]): Promise<DirectoryEntry[]> {
    return this.reader.entries(roomNids);
  }

  private async room(roomId: string): Promise<RoomInfo> {
    const room = await this.roomState.info(roomId);
    if (room === undefined) throw new NotFoundError('Room not found');
    return room;
  }

  private checkPolicy(requester: Requester): void {
    const { publishPolicy } = this.config;
    if (publishPolicy === 'open' || (publishPolicy === 'admins' && requester.isAdmin)) return;
    throw new ForbiddenError('This server does not let you list rooms');
  }
}

const printPlace = (direction: 'n' | 'p', entry: DirectoryEntry): string =>
  `${direction}${entry.joinedMembers}_${entry.roomNid}`;

function parsePlace(token: string): DirectoryPlace {
  const match = TOKEN.exec(token);
  if (match === null) throw new InvalidParamError('since: not a token of this server');
  return {
    direction: match[1] === 'n' ? 'next' : 'previous',
    joinedMembers: Number(match[2]),
    roomNid: Number(match[3]),
  };
}
