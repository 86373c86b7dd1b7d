import { InvalidParamError, NotFoundError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import type { EventViews } from '../event-views';
import type { RoomInfo } from '../room-state';
import type { StoredEvent, Timeline, TimeQuery } from '../timeline';
import type { RoomAccess } from './room-access.service';

/** A reader waits that long for other servers; a later request has what comes late. */
const WAIT_MS = 8_000;
const BATCH = 50;
/** Events looked at that the reader may not see. */
const MAX_LOOKED_AT = 500;

/** Finds events by their time. */
export class NearestEvents {
  constructor(
    private readonly timeline: Pick<Timeline, 'history' | 'graph'>,
    private readonly views: Pick<EventViews, 'visible'>,
    private readonly access: Pick<RoomAccess, 'reach'>,
  ) {}

  /**
   * The event that is nearest to a time, in milliseconds, of those that the reader may see. Where ours has a gap around that
   * time, other servers are asked on behalf of members. Spec: client-server, `GET /rooms/{roomId}/timestamp_to_event`.
   * @throws ForbiddenError, InvalidParamError for what is no time, NotFoundError when there is none in that direction
   */
  async nearestTo(requester: Requester, roomId: string, time: TimeQuery): Promise<StoredEvent> {
    if (!Number.isSafeInteger(time.ts)) throw new InvalidParamError('ts is not a time');
    const { room, joined } = await this.access.reach(requester, roomId);
    if (joined) await this.timeline.history.fillNear(room, time, WAIT_MS);
    const event = await this.firstVisible(requester.userId, room, time);
    if (event === undefined) throw new NotFoundError('No event in that direction');
    return event;
  }

  private async firstVisible(userId: string, room: RoomInfo, time: TimeQuery): Promise<StoredEvent | undefined> {
    for (let offset = 0; offset < MAX_LOOKED_AT; offset += BATCH) {
      const events = await this.timeline.graph.nearTo(room, time, { limit: BATCH, offset });
      const [nearest] = await this.views.visible(userId, room, events);
      if (nearest !== undefined || events.length < BATCH) return nearest;
    }
    return undefined;
  }
}
