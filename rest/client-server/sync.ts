import type { Domain } from '#domain/domain';
import type { Sync } from '#rest/generated/client-server/sync.routes';

export const sync = ({ sync: service }: Pick<Domain, 'sync'>): Sync => ({
  sync({ requester, query, request }) {
    return service.sync(requester, {
      since: query.since,
      filter: query.filter,
      fullState: query.full_state,
      useStateAfter: query.use_state_after,
      setPresence: query.set_presence,
      timeoutMs: query.timeout,
      // A signal is made when asked for, and who does not wait needs none.
      signal: query.timeout === 0 ? undefined : request.signal,
    });
  },
});
