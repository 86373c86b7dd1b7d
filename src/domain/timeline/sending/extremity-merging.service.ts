import { MatrixError } from '#kernel/errors';
import type { RoomInfo } from '../../room-state';
import type { MakerDraft } from './event-maker.service';
import type { IngestPorts } from '../ingest.ports';
import type { RoomHeads } from '../heads/room-heads.service';

/** More loose ends than that cost every later event a resolution; ordinary forks stay far below. */
const MANY = 10;
const USERS_TO_TRY = 5;
/** Other servers call it so too; clients do not know it and show nothing. */
const TYPE = 'org.matrix.dummy_event';

export interface ExtremityMergingParts {
  readonly heads: RoomHeads;
  readonly ports: () => IngestPorts;
  append(room: RoomInfo, draft: MakerDraft): Promise<unknown>;
}

/**
 * Keeps the extremities of rooms few: when many forks came in, empty events of a user of ours bring them together, each as
 * many as an event may follow.
 */
export class ExtremityMerging {
  private readonly running = new Map<number, Promise<void>>();

  constructor(private readonly parts: ExtremityMergingParts) {}

  /** Does nothing in rooms where nobody of ours may send; others will, or the next event does. */
  async keepFew(room: RoomInfo): Promise<void> {
    const running = this.running.get(room.nid);
    if (running !== undefined) return running;
    if (!(await this.hasMany(room))) return;
    const merging = this.merge(room).finally(() => this.running.delete(room.nid));
    this.running.set(room.nid, merging);
    return merging;
  }

  private async hasMany(room: RoomInfo): Promise<boolean> {
    return (await this.parts.heads.of(room)).extremities.length > MANY;
  }

  private async merge(room: RoomInfo): Promise<void> {
    let users = (await this.parts.ports().servers.localMembers?.(room, USERS_TO_TRY)) ?? [];
    while (users.length > 0 && (await this.hasMany(room))) {
      const [sender] = users;
      const isSent = await this.isSent(room, sender!);
      if (!isSent) users = users.slice(1);
    }
  }

  /** False when the room, or its policy server, does not let the user send. */
  private async isSent(room: RoomInfo, sender: string): Promise<boolean> {
    try {
      await this.parts.append(room, { type: TYPE, sender, content: {} });
      return true;
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      return false;
    }
  }
}
