import type { Domain } from '#domain/domain';
import type { Knocks, MakeKnock } from '#rest/generated/server-server/knocks.routes';

export const knocks = ({ federationInbound: { members } }: Pick<Domain, 'federationInbound'>): Knocks => ({
  async makeKnock({ requester, path: { roomId, userId }, query: { ver } }) {
    const { roomVersion, pdu } = await members.make(requester.origin, 'knock', roomId, userId, ver);
    return { room_version: roomVersion, event: pdu } as unknown as MakeKnock['reply'];
  },

  async sendKnock({ requester, path, body }) {
    return { knock_room_state: await members.knock(requester.origin, { ...path, pdu: body }) };
  },
});
