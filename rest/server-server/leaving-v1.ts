import type { Domain } from '#domain/domain';
import type { LeavingV1, MakeLeave } from '#rest/generated/server-server/leaving-v1.routes';

export const leavingV1 = ({ federationInbound: { members } }: Pick<Domain, 'federationInbound'>): LeavingV1 => ({
  async makeLeave({ requester, path: { roomId, userId } }) {
    const { roomVersion, pdu } = await members.make(requester.origin, 'leave', roomId, userId);
    return { room_version: roomVersion, event: pdu } as unknown as MakeLeave['reply'];
  },
});
