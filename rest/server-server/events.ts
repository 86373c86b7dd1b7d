import type { Domain } from '#domain/domain';
import { now } from '#kernel/time';
import type { Events } from '#rest/generated/server-server/events.routes';
import { pdus, stateAnswer } from './outgoing-events.mapper';

export const events = ({
  federation,
  federationInbound: { reading },
}: Pick<Domain, 'federation' | 'federationInbound'>): Events => ({
  async getRoomState({ requester, path: { roomId }, query }) {
    return stateAnswer(await reading.state(requester.origin, roomId, query.event_id));
  },

  async getRoomStateIds({ requester, path: { roomId }, query }) {
    const { stateIds, authChainIds } = await reading.stateIds(requester.origin, roomId, query.event_id);
    return { pdu_ids: [...stateIds], auth_chain_ids: [...authChainIds] };
  },

  async getEvent({ requester, path: { eventId } }) {
    const event = await reading.event(requester.origin, eventId);
    return { origin: federation.serverName, origin_server_ts: now(), pdus: pdus([event]) };
  },

  async getEventByTimestamp({ requester, path: { roomId }, query: { ts, dir } }) {
    const { eventId, originServerTs } = await reading.timestampToEvent(requester.origin, roomId, ts, dir);
    return { event_id: eventId, origin_server_ts: originServerTs };
  },
});
