import type { Domain } from '#domain/domain';
import type { RoomState } from '#rest/generated/client-server/room_state.routes';

export const roomState = ({ timeline }: Pick<Domain, 'timeline'>): RoomState => ({
  async setRoomStateWithKey({ requester, path: { roomId, eventType, stateKey }, body }) {
    return { event_id: await timeline.send(requester, { roomId, type: eventType, stateKey, content: body }) };
  },
});
