import type { Domain } from '#domain/domain';
import type { Rooms } from '#rest/generated/client-server/rooms.routes';
import { wireEvent, wireEvents } from './client-event.mapper';

export const rooms = ({ rooms: { contexts, reading } }: Pick<Domain, 'rooms'>): Rooms => ({
  async getOneRoomEvent({ requester, path: { roomId, eventId } }) {
    return wireEvent(await contexts.event(requester, roomId, eventId));
  },

  async getRoomStateWithKey({ requester, path: { roomId, eventType, stateKey }, query }) {
    const event = await reading.stateEvent(requester, roomId, eventType, stateKey);
    return query.format === 'event' ? event : event.content;
  },

  async getRoomState({ requester, path: { roomId } }) {
    return wireEvents(await reading.state(requester, roomId));
  },

  async getMembersByRoom({ requester, path: { roomId }, query: { at, membership, not_membership: notMembership } }) {
    const query = { at: at || undefined, membership, notMembership };
    return { chunk: wireEvents(await reading.members(requester, roomId, query)) };
  },

  async getJoinedMembersByRoom({ requester, path: { roomId } }) {
    return { joined: await reading.joinedMembers(requester, roomId) };
  },
});
