import type { Storage } from '#platform/storage/storage';
import type { RoomInfo, RoomState } from '../../room-state';
import { StagedEventReader, StagedEventWriter, type StagedEvent, type StagedLane } from './staged-event.repository';

/** Events of one room and server that may wait; further ones are refused, and come again when others refer to them. */
const MAX_STAGED = 300;
const MAX_TRIES = 5;
const RETRY_MS = 30_000;

export interface StagingParts {
  readonly storage: Storage;
  readonly rooms: Pick<RoomState, 'infoByNid'>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** Fetches what an event waits for and places it; rejects when it must go on waiting, which the last time is in vain. */
  readonly take: (room: RoomInfo, event: StagedEvent, isLastTry: boolean) => Promise<void>;
  /** Told when a lane is worked through. */
  readonly onWorked: (room: RoomInfo) => Promise<void>;
}

/**
 * Events that wait for others, durably. Those that each server brings are worked on by themselves, since it is that server
 * which is asked first for what is missing: one that answers slowly, or makes up events that follow nothing, holds up nobody
 * else's, nor the events of another server that it passed on before that did.
 */
export class Staging {
  private readonly staged: StagedEventReader;
  private readonly working = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private stopped = false;

  constructor(private readonly parts: StagingParts) {
    this.staged = new StagedEventReader(parts.storage);
  }

  /** Goes on with events that were waiting when the program ended. */
  async start(): Promise<void> {
    for (const lane of await this.staged.lanes()) this.work(lane);
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((timer) => clearTimeout(timer));
    await this.idle();
  }

  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working.values());
  }

  /**
   * Has an event wait; false when too many of its server do in this room.
   * @param isSenders whether the server that brought it is its sender's, which need not wait behind what others have brought
   */
  async add(event: Omit<StagedEvent, 'nid' | 'tries'>, isSenders: boolean): Promise<boolean> {
    if ((await this.staged.count(event)) >= MAX_STAGED) return false;
    await this.parts.storage.write(async (tx) => {
      const writer = new StagedEventWriter(tx);
      const isNew = await writer.stage(event, this.parts.now());
      if (!isNew && isSenders) await writer.changeLane(event);
    });
    this.work(event);
    return true;
  }

  /** Works through a lane, one event at a time, in the background. */
  private work({ roomNid, origin }: StagedLane): void {
    if (this.stopped) return;
    const key = `${roomNid} ${origin}`;
    if (this.working.has(key)) {
      this.again.add(key);
      return;
    }
    const run = this.workOn({ roomNid, origin })
      .catch(this.parts.onError)
      .finally(() => {
        this.working.delete(key);
        if (this.again.delete(key)) this.work({ roomNid, origin });
      });
    this.working.set(key, run);
  }

  private async workOn(lane: StagedLane): Promise<void> {
    const room = (await this.parts.rooms.infoByNid([lane.roomNid])).get(lane.roomNid);
    if (room === undefined) return;
    for (const waiting of await this.staged.staged(lane, MAX_STAGED)) {
      if (this.stopped) return;
      try {
        await this.parts.take(room, waiting, isLastTry(waiting));
        await this.parts.storage.write((tx) => new StagedEventWriter(tx).unstage(waiting.eventId));
      } catch (error) {
        if (this.stopped) return;
        this.parts.onError(error);
        await this.putOff(waiting);
      }
    }
    await this.parts.onWorked(room);
  }

  /** Tries again later, a few times; what others refer to comes again then. */
  private async putOff(event: StagedEvent): Promise<void> {
    const { roomNid, origin } = event;
    await this.parts.storage.write(async (tx) => {
      const writer = new StagedEventWriter(tx);
      if (isLastTry(event)) await writer.giveUp(event);
      else await writer.tried(event);
    });
    const key = `${roomNid} ${origin}`;
    if (this.timers.has(key) || this.stopped) return;
    const again = () => {
      this.timers.delete(key);
      this.work({ roomNid, origin });
    };
    this.timers.set(key, setTimeout(again, RETRY_MS).unref());
  }
}

function isLastTry({ tries }: StagedEvent): boolean {
  return tries + 1 >= MAX_TRIES;
}
