import type { Domain } from '#domain/domain';
import type { EventAuth } from '#rest/generated/server-server/event_auth.routes';
import { pdus } from './outgoing-events.mapper';

export const eventAuth = ({ federationInbound: { reading } }: Pick<Domain, 'federationInbound'>): EventAuth => ({
  async getEventAuth({ requester, path: { roomId, eventId } }) {
    return { auth_chain: pdus(await reading.eventAuth(requester.origin, roomId, eventId)) };
  },
});
