import type { Domain } from '#domain/domain';
import type { JsonValue } from '#kernel/json';
import type { JoinsV2 } from '#rest/generated/server-server/joins-v2.routes';
import { pdus } from './outgoing-events.mapper';

export const joinsV2 = ({
  federation,
  federationInbound: { members },
}: Pick<Domain, 'federation' | 'federationInbound'>): JoinsV2 => ({
  async sendJoinV2({ requester, path, query: { omit_members: omitMembers = false }, body }) {
    const offered = { ...path, pdu: body as unknown as JsonValue };
    const { state, authChain, event, membersOmitted, serversInRoom } = await members.join(requester.origin, offered, {
      omitMembers,
    });
    return {
      // Some servers still read it, from before answers had other signs of who gave them.
      origin: federation.serverName,
      event: event.pdu,
      state: pdus(state),
      auth_chain: pdus(authChain),
      members_omitted: membersOmitted,
      ...(membersOmitted && { servers_in_room: [...serversInRoom] }),
    };
  },
});
