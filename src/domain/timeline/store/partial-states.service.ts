import { LimitExceededError } from '#kernel/errors';
import type { Reader } from '#platform/storage/storage';
import type { RoomInfo, RoomState } from '../../room-state';
import type { PartialRoom } from '../ingest.model';
import { PartialRoomReader } from './partial-room.repository';

/** Which rooms lack members in their state, kept in memory: there are few, and nearly every event asks. */
export class PartialStates {
  private readonly reader: PartialRoomReader;
  private partial: Promise<Map<number, PartialRoom>> | undefined;
  /** What {@link partial} has come to. */
  private known: ReadonlyMap<number, PartialRoom> | undefined;
  private readonly waiting = new Map<number, Set<() => void>>();

  constructor(
    reader: Reader,
    private readonly rooms: RoomState,
  ) {
    this.reader = new PartialRoomReader(reader);
  }

  async isPartial(room: Pick<RoomInfo, 'nid'>): Promise<boolean> {
    return (await this.all()).has(room.nid);
  }

  async get(room: Pick<RoomInfo, 'nid'>): Promise<PartialRoom | undefined> {
    return (await this.all()).get(room.nid);
  }

  /** Whether a room's state certainly has all members, from memory. */
  isWhole(roomNid: number): boolean {
    return this.known?.has(roomNid) === false;
  }

  async list(): Promise<readonly PartialRoom[]> {
    return [...(await this.all()).values()];
  }

  /** Told after the commit. */
  async began(partial: PartialRoom): Promise<void> {
    (await this.all()).set(partial.room.nid, partial);
  }

  /** Told after the commit. */
  async ended(roomNid: number): Promise<void> {
    (await this.all()).delete(roomNid);
    const waiting = this.waiting.get(roomNid);
    this.waiting.delete(roomNid);
    waiting?.forEach((wake) => wake());
  }

  /** Resolves when the room is whole. @throws LimitExceededError after `waitMs` */
  async whole(room: Pick<RoomInfo, 'nid'>, waitMs: number): Promise<void> {
    if (!(await this.isPartial(room))) return;
    const waiting = this.waiting.get(room.nid) ?? new Set();
    this.waiting.set(room.nid, waiting);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(wake);
        reject(new LimitExceededError(waitMs, 'The members of this room are still being fetched'));
      }, waitMs);
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      waiting.add(wake);
    });
  }

  private all(): Promise<Map<number, PartialRoom>> {
    this.partial ??= this.read();
    this.partial.catch(() => (this.partial = undefined));
    return this.partial;
  }

  private async read(): Promise<Map<number, PartialRoom>> {
    const rows = await this.reader.all();
    const rooms = await this.rooms.infoByNid(rows.map((row) => row.roomNid));
    const partial = new Map(
      rows.flatMap(({ roomNid, eventId, servers }) => {
        const room = rooms.get(roomNid);
        return room === undefined ? [] : [[roomNid, { room, eventId, servers }] as const];
      }),
    );
    this.known = partial;
    return partial;
  }
}
