import { MatrixError } from '#kernel/errors';
import type { RoomInfo } from '../room-state';
import type { MakerDraft } from './event-maker.service';
import type { IngestPorts } from './ingest.ports';
import type { RoomHeads } from './room-heads.service';

/** More loose ends than that cost every later event a resolution; ordinary forks stay far below. */
const MANY = 10;
const USERS_TO_TRY = 5;
/** Other servers call it so too; clients do not know it and show nothing. */
const TYPE = 'org.matrix.dummy_event';

export interface ExtremityMergingParts {
  readonly heads: RoomHeads;
  readonly ports: () => IngestPorts;
  append(room: RoomInfo, drafts: readonly MakerDraft[]): Promise<unknown>;
}

/** Keeps the extremities of rooms few: when many forks came in, an empty event of a user of ours brings them together. */
export class ExtremityMerging {
  constructor(private readonly parts: ExtremityMergingParts) {}

  /** Does nothing in rooms where nobody of ours may send; others will, or the next event does. */
  async keepFew(room: RoomInfo): Promise<void> {
    const head = await this.parts.heads.of(room);
    if (head.extremities.length <= MANY) return;
    const users = (await this.parts.ports().servers.localMembers?.(room, USERS_TO_TRY)) ?? [];
    for (const sender of users) {
      try {
        await this.parts.append(room, [{ type: TYPE, sender, content: {} }]);
        return;
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
      }
    }
  }
}
