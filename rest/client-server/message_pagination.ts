import type { Domain } from '#domain/domain';
import type { MessagePagination } from '#rest/generated/client-server/message_pagination.routes';
import { wireEvents } from './client-event.mapper';
import { readEventFilter } from './event-filter.mapper';

export const messagePagination = ({ rooms: { pages } }: Pick<Domain, 'rooms'>): MessagePagination => ({
  async getRoomEvents({ requester, path: { roomId }, query: { from, to, dir, limit, filter } }) {
    // Old clients send the tokens that they lack as empty texts.
    const asked = { from: from || undefined, to: to || undefined, dir, limit, filter: readEventFilter(filter) };
    const { chunk, state, ...page } = await pages.messages(requester, roomId, asked);
    return { ...page, chunk: wireEvents(chunk), ...(state === undefined ? {} : { state: wireEvents(state) }) };
  },
});
