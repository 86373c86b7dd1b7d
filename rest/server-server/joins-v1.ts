import type { Domain } from '#domain/domain';
import type { JoinsV1, MakeJoin } from '#rest/generated/server-server/joins-v1.routes';

/** What a server supports that does not say. Spec: `GET make_join`. */
const OLDEST = ['1'];

export const joinsV1 = ({ federationInbound: { members } }: Pick<Domain, 'federationInbound'>): JoinsV1 => ({
  async makeJoin({ requester, path: { roomId, userId }, query: { ver = OLDEST } }) {
    const { roomVersion, pdu } = await members.make(requester.origin, 'join', roomId, userId, ver);
    return { room_version: roomVersion, event: pdu } as unknown as MakeJoin['reply'];
  },
});
