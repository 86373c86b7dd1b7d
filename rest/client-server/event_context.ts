import type { Domain } from '#domain/domain';
import type { EventContext } from '#rest/generated/client-server/event_context.routes';
import { wireEvent, wireEvents } from './client-event.mapper';
import { readEventFilter } from './event-filter.mapper';

export const eventContext = ({ rooms: { contexts } }: Pick<Domain, 'rooms'>): EventContext => ({
  async getEventContext({ requester, path: { roomId, eventId }, query: { limit, filter } }) {
    const context = await contexts.context(requester, roomId, eventId, { limit, filter: readEventFilter(filter) });
    return {
      ...context,
      event: wireEvent(context.event),
      events_before: wireEvents(context.events_before),
      events_after: wireEvents(context.events_after),
      state: wireEvents(context.state),
    };
  },
});
