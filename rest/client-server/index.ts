import type { Domain } from '#domain/domain';
import type { ClientServerServed } from '#rest/generated/index';
import { accountData } from './account-data';
import { accountDeactivation } from './account_deactivation';
import { administrativeContact } from './administrative_contact';
import { capabilities } from './capabilities';
import { deviceManagement } from './device_management';
import { filter } from './filter';
import { login } from './login';
import { logout } from './logout';
import { oldSync } from './old_sync';
import { passwordManagement } from './password_management';
import { profile } from './profile';
import { pushrules } from './pushrules';
import { refresh } from './refresh';
import { registration } from './registration';
import { registrationTokens } from './registration_tokens';
import { sharedSecretRegistration } from './shared_secret_registration';
import { directory } from './directory';
import { listPublicRooms } from './list_public_rooms';
import { presence } from './presence';
import { readMarkers } from './read_markers';
import { receipts } from './receipts';
import { typing } from './typing';
import { roomInitialSync } from './room_initial_sync';
import { sync } from './sync';
import { tags } from './tags';
import { toDevice } from './to_device';
import { versions } from './versions';
import { wellknown } from './wellknown';
import { whoami } from './whoami';
import { banning } from './banning';
import { createRoom } from './create_room';
import { eventContext } from './event_context';
import { inviting } from './inviting';
import { joining } from './joining';
import { kicking } from './kicking';
import { knocking } from './knocking';
import { leaving } from './leaving';
import { listJoinedRooms } from './list_joined_rooms';
import { messagePagination } from './message_pagination';
import { redaction } from './redaction';
import { roomEventByTimestamp } from './room_event_by_timestamp';
import { roomSend } from './room_send';
import { roomState } from './room_state';
import { rooms } from './rooms';

/** What the delegates tell clients beside what the domain knows. */
export interface ClientServerOptions {
  readonly publicBaseUrl: string;
  readonly defaultRoomVersion: string;
}

/** Everything that serves the client-server API. */
export const clientServerDelegates = (domain: Domain, options: ClientServerOptions): ClientServerServed => ({
  ...peopleDelegates(domain),
  ...roomReadingDelegates(domain),
  ...roomDelegates(domain),
  capabilities: capabilities(options.defaultRoomVersion),
  versions: versions(),
  wellknown: wellknown(options.publicBaseUrl),
});

const peopleDelegates = (domain: Domain) => ({
  accountData: accountData(domain),
  accountDeactivation: accountDeactivation(domain),
  administrativeContact: administrativeContact(),
  deviceManagement: deviceManagement(domain),
  filter: filter(domain),
  login: login(domain),
  logout: logout(domain),
  passwordManagement: passwordManagement(domain),
  profile: profile(domain),
  pushrules: pushrules(domain),
  refresh: refresh(domain),
  registration: registration(domain),
  registrationTokens: registrationTokens(domain),
  sharedSecretRegistration: sharedSecretRegistration(domain),
  tags: tags(domain),
  toDevice: toDevice(domain),
  whoami: whoami(),
});

const roomReadingDelegates = (domain: Domain) => ({
  directory: directory(domain),
  listPublicRooms: listPublicRooms(domain),
  oldSync: oldSync(domain),
  presence: presence(domain),
  readMarkers: readMarkers(domain),
  receipts: receipts(domain),
  roomInitialSync: roomInitialSync(domain),
  sync: sync(domain),
  typing: typing(domain),
});

const roomDelegates = (domain: Domain) => ({
  createRoom: createRoom(domain),
  joining: joining(domain),
  leaving: leaving(domain),
  inviting: inviting(domain),
  kicking: kicking(domain),
  banning: banning(domain),
  knocking: knocking(domain),
  listJoinedRooms: listJoinedRooms(domain),
  rooms: rooms(domain),
  roomState: roomState(domain),
  roomEventByTimestamp: roomEventByTimestamp(domain),
  roomSend: roomSend(domain),
  redaction: redaction(domain),
  eventContext: eventContext(domain),
  messagePagination: messagePagination(domain),
});
