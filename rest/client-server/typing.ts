import type { Domain } from '#domain/domain';
import type { Typing } from '#rest/generated/client-server/typing.routes';

export const typing = ({ typing: notices }: Pick<Domain, 'typing'>): Typing => ({
  async setTyping({ requester, path: { roomId, userId }, body }) {
    await notices.set(requester, { roomId, userId, typing: body.typing, timeoutMs: body.timeout });
    return {};
  },
});
