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
import { tags } from './tags';
import { toDevice } from './to_device';
import { versions } from './versions';
import { wellknown } from './wellknown';
import { whoami } from './whoami';

/** What the delegates tell clients beside what the domain knows. */
export interface ClientServerOptions {
  readonly publicBaseUrl: string;
  readonly defaultRoomVersion: string;
}

/** Everything that serves the client-server API. */
export const clientServerDelegates = (domain: Domain, options: ClientServerOptions): ClientServerServed => ({
  ...peopleDelegates(domain),
  ...roomReadingDelegates(domain),
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
  presence: presence(domain),
  readMarkers: readMarkers(domain),
  receipts: receipts(domain),
  typing: typing(domain),
});
