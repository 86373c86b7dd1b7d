import { Membership1760000160000 } from './1760000160000-membership';
import { RoomState1760000100000 } from './1760000100000-room-state';
import { Timeline1760000150000 } from './1760000150000-timeline';
import { Sequences1760000000000 } from './1760000000000-sequences';
import { ServerSettings1760000000010 } from './1760000000010-server-settings';
import { Accounts1760000001000 } from './1760000001000-accounts';
import { Devices1760000001100 } from './1760000001100-devices';
import { Sessions1760000001200 } from './1760000001200-sessions';
import { AccountData1760000001300 } from './1760000001300-account-data';
import { ToDevice1760000001400 } from './1760000001400-to-device';
import { AccountLifecycle1760000001500 } from './1760000001500-account-lifecycle';
import { Relations1760000200000 } from './1760000200000-relations';
import { Receipts1760000210000 } from './1760000210000-receipts';
import { Directory1760000220000 } from './1760000220000-directory';
import { Presence1760000230000 } from './1760000230000-presence';
import { Admin1760000300000 } from './1760000300000-admin';
import { Notifications1760000240000 } from './1760000240000-notifications';
import { Federation1760000400000 } from './1760000400000-federation';
import { RoomDag1760000410000 } from './1760000410000-room-dag';
import { FederationSender1760000430000 } from './1760000430000-federation-sender';
import { FederationInbound1760000440000 } from './1760000440000-federation-inbound';
import { OutOfBandMemberships1760000450000 } from './1760000450000-out-of-band-memberships';
import { EventsByTime1760000460000 } from './1760000460000-events-by-time';
import { FederationOutages1760000470000 } from './1760000470000-federation-outages';
import { RestatedRooms1760000480000 } from './1760000480000-restated-rooms';
import { FederationCopies1760000490000 } from './1760000490000-federation-copies';

/** Every migration, oldest first. A released one never changes. */
export const migrations = [
  Sequences1760000000000,
  ServerSettings1760000000010,
  Accounts1760000001000,
  Devices1760000001100,
  Sessions1760000001200,
  RoomState1760000100000,
  Timeline1760000150000,
  Membership1760000160000,
  AccountData1760000001300,
  ToDevice1760000001400,
  AccountLifecycle1760000001500,
  Relations1760000200000,
  Receipts1760000210000,
  Directory1760000220000,
  Presence1760000230000,
  Notifications1760000240000,
  Admin1760000300000,
  Federation1760000400000,
  RoomDag1760000410000,
  FederationSender1760000430000,
  FederationInbound1760000440000,
  OutOfBandMemberships1760000450000,
  EventsByTime1760000460000,
  FederationOutages1760000470000,
  RestatedRooms1760000480000,
  FederationCopies1760000490000,
];
