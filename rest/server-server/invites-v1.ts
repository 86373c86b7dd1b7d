import type { Domain } from '#domain/domain';
import type { JsonValue } from '#kernel/json';
import type { InvitesV1, SendInviteV1 } from '#rest/generated/server-server/invites-v1.routes';

/** The old operation does not say which version the room has: it is for the first two, whose events look the same. */
const OLDEST = ['1', '2'];

export const invitesV1 = ({ federationInbound: { invites } }: Pick<Domain, 'federationInbound'>): InvitesV1 => ({
  async sendInviteV1({ requester, path, body }) {
    const inviteRoomState = body.unsigned?.invite_room_state;
    const offered = { ...path, roomVersions: OLDEST, event: body as unknown as JsonValue, inviteRoomState };
    const event = await invites.receive(requester.origin, offered);
    return [200, { event }] as unknown as SendInviteV1['reply'];
  },
});
