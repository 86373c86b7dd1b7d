import type { Domain } from '#domain/domain';
import type { RoomEventByTimestamp } from '#rest/generated/client-server/room_event_by_timestamp.routes';

export const roomEventByTimestamp = ({ rooms: { nearest } }: Pick<Domain, 'rooms'>): RoomEventByTimestamp => ({
  async getEventByTimestamp({ requester, path: { roomId }, query: { ts, dir } }) {
    const { eventId, originServerTs } = await nearest.nearestTo(requester, roomId, { ts, direction: dir });
    return { event_id: eventId, origin_server_ts: originServerTs };
  },
});
