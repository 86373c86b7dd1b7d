import type { Domain } from '#domain/domain';
import type { RoomState } from '#rest/generated/client-server/room_state.routes';

export const roomState = ({ membership, timeline }: Pick<Domain, 'membership' | 'timeline'>): RoomState => ({
  async setRoomStateWithKey({ requester, path: { roomId, eventType: type, stateKey }, body: content }) {
    const isMember = type === 'm.room.member';
    const eventId = isMember
      ? await membership.set(requester, { roomId, userId: stateKey, content })
      : await timeline.send(requester, { roomId, type, stateKey, content });
    return { event_id: eventId };
  },
});
