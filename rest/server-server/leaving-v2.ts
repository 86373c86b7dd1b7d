import type { Domain } from '#domain/domain';
import type { LeavingV2 } from '#rest/generated/server-server/leaving-v2.routes';

export const leavingV2 = ({ federationInbound: { members } }: Pick<Domain, 'federationInbound'>): LeavingV2 => ({
  async sendLeaveV2({ requester, path, body }) {
    await members.leave(requester.origin, { ...path, pdu: body });
    return {};
  },
});
