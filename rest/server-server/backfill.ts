import type { Domain } from '#domain/domain';
import { now } from '#kernel/time';
import type { Backfill } from '#rest/generated/server-server/backfill.routes';
import { pdus } from './outgoing-events.mapper';

/** Events given when a server names no number. Spec: `POST get_missing_events`. */
const USUAL_LIMIT = 10;

export const backfill = ({
  federation,
  federationInbound: { reading },
}: Pick<Domain, 'federation' | 'federationInbound'>): Backfill => ({
  async backfillRoom({ requester, path: { roomId }, query: { v, limit } }) {
    const events = await reading.backfill(requester.origin, roomId, v, limit);
    return { origin: federation.serverName, origin_server_ts: now(), pdus: pdus(events) };
  },

  async getMissingPreviousEvents({ requester, path: { roomId }, body }) {
    const { earliest_events: earliest, latest_events: latest, limit = USUAL_LIMIT, min_depth: minDepth = 0 } = body;
    const query = { earliest, latest, limit, minDepth };
    return { events: pdus(await reading.missingEvents(requester.origin, roomId, query)) };
  },
});
