import type { Domain } from '#domain/domain';
import type { JsonValue } from '#kernel/json';
import type { InvitesV2, SendInviteV2 } from '#rest/generated/server-server/invites-v2.routes';

export const invitesV2 = ({ federationInbound: { invites } }: Pick<Domain, 'federationInbound'>): InvitesV2 => ({
  async sendInviteV2({ requester, path, body }) {
    const { room_version: roomVersion, event, invite_room_state: inviteRoomState } = body;
    const offered = { ...path, roomVersions: [roomVersion], event: event as unknown as JsonValue, inviteRoomState };
    return { event: await invites.receive(requester.origin, offered) } as unknown as SendInviteV2['reply'];
  },
});
