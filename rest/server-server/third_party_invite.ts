import type { Domain } from '#domain/domain';
import type { ThirdPartyInvite } from '#rest/generated/server-server/third_party_invite.routes';

export const thirdPartyInvite = ({ federationInbound }: Pick<Domain, 'federationInbound'>): ThirdPartyInvite => ({
  async exchangeThirdPartyInvite({ requester, path: { roomId }, body }) {
    await federationInbound.thirdParty.exchange(requester.origin, roomId, body);
    return {};
  },

  async onBindThirdPartyIdentifier({ body }) {
    await federationInbound.thirdParty.bound(body);
    return {};
  },
});
