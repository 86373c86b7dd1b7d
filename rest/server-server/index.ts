import type { Domain } from '#domain/domain';
import type { ServerServerServed } from '#rest/generated/index';
import { backfill } from './backfill';
import { eventAuth } from './event_auth';
import { events } from './events';
import { invitesV1 } from './invites-v1';
import { invitesV2 } from './invites-v2';
import { joinsV1 } from './joins-v1';
import { joinsV2 } from './joins-v2';
import { keysQuery } from './keys_query';
import { keysServer } from './keys_server';
import { knocks } from './knocks';
import { leavingV1 } from './leaving-v1';
import { leavingV2 } from './leaving-v2';
import { publicRooms } from './public_rooms';
import { query } from './query';
import { roomPolicy } from './room_policy';
import { thirdPartyInvite } from './third_party_invite';
import { transactions } from './transactions';
import { version } from './version';
import { wellknown } from './wellknown';

/** What the delegates tell servers beside what the domain knows. */
export interface ServerServerOptions {
  /** Of this program. */
  readonly version: string;
  /** Host and port where other homeservers find this one, for domains that serve this program's well-known file. */
  readonly federationHost: string | undefined;
}

/** Everything that serves the server-server API. */
export const serverServerDelegates = (domain: Domain, options: ServerServerOptions): ServerServerServed => ({
  ...serverDelegates(domain, options),
  ...roomDelegates(domain),
  ...memberDelegates(domain),
});

const serverDelegates = (domain: Domain, options: ServerServerOptions) => ({
  keysServer: keysServer(domain),
  keysQuery: keysQuery(domain),
  publicRooms: publicRooms(domain),
  query: query(domain),
  roomPolicy: roomPolicy(),
  version: version(options.version),
  wellknown: wellknown(options.federationHost),
});

const roomDelegates = (domain: Domain) => ({
  backfill: backfill(domain),
  eventAuth: eventAuth(domain),
  events: events(domain),
  transactions: transactions(domain),
});

const memberDelegates = (domain: Domain) => ({
  invitesV1: invitesV1(domain),
  invitesV2: invitesV2(domain),
  joinsV1: joinsV1(domain),
  joinsV2: joinsV2(domain),
  knocks: knocks(domain),
  leavingV1: leavingV1(domain),
  leavingV2: leavingV2(domain),
  thirdPartyInvite: thirdPartyInvite(domain),
});
