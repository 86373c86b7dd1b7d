import { AccountData, Tags } from '#domain/account-data';
import { AccountLifecycle } from '#domain/account-lifecycle';
import { Accounts } from '#domain/accounts';
import { Admin } from '#domain/admin';
import { Devices } from '#domain/devices';
import { Directory } from '#domain/directory';
import type { DeliveryDomain, Domain, JourneysDomain, PeopleDomain, RoomsDomain } from '#domain/domain';
import { EventViews } from '#domain/event-views';
import { Filters } from '#domain/filters';
import { Membership } from '#domain/membership';
import { Notifications } from '#domain/notifications';
import { Presence } from '#domain/presence';
import { Profiles } from '#domain/profiles';
import { PushRules } from '#domain/push-rules';
import { Receipts } from '#domain/receipts';
import { Relations } from '#domain/relations';
import { RoomState } from '#domain/room-state';
import { Rooms } from '#domain/rooms';
import { Sessions } from '#domain/sessions';
import { composeSync, DEFAULT_SYNC, OldReader } from '#domain/sync';
import { Timeline } from '#domain/timeline';
import { ToDevice } from '#domain/to-device';
import { Typing } from '#domain/typing';
import { now } from '#kernel/time';
import { composeFederation, composeServers } from './compose-federation';
import { accountsConfig, directoryConfig, registrationConfig, roomsConfig, sessionsConfig } from './config/slices';
import type { Machinery } from './machinery';

/** The features, and the work that goes on between requests. */
export interface Composition {
  readonly domain: Domain;
  /** Starts background work, before the first request. */
  start(): Promise<void>;
  /** Ends it, writing down what is only remembered. The storage is still open. */
  stop(): Promise<void>;
}

/** {@link Machinery}, and who is told of background work that failed. */
interface Workshop extends Machinery {
  readonly onError: (error: unknown) => void;
}

/** Makes every feature, in the order of `features.json`: a feature gets only what stands above it. */
export function compose(machinery: Machinery): Composition {
  const onError = (error: unknown) => machinery.log.error({ error }, 'background work failed');
  const workshop = { ...machinery, onError };
  const people = composePeople(workshop);
  const rooms = composeRooms(workshop, people);
  const between = composeFederation(workshop);
  const delivery = composeDelivery(workshop, people, rooms);
  const servers = composeServers(workshop, people, rooms, between);
  const journeys = composeJourneys(workshop, people, rooms);
  bindUpwards(people, rooms, journeys);
  const domain = { ...people, ...rooms, ...delivery, ...servers, ...journeys };
  return {
    domain,
    start: () => startWork(domain, onError),
    stop: () => stopWork(domain).finally(() => between.stop()),
  };
}

function composePeople({ config, storage, onError }: Workshop): PeopleDomain {
  const accounts = new Accounts(storage, accountsConfig(config), now);
  const devices = new Devices(storage, now, onError);
  const sessions = new Sessions(storage, accounts, devices, sessionsConfig(config), now, onError);
  const accountData = new AccountData(storage);
  const tags = new Tags(accountData);
  const profiles = new Profiles(storage, accounts);
  const filters = new Filters(storage);
  const pushRules = new PushRules(storage, accountData);
  const toDevice = new ToDevice(storage, devices, config.server_name, now);
  return { accounts, devices, sessions, accountData, tags, profiles, filters, pushRules, toDevice };
}

function composeRooms({ config, storage, signingKey, onError }: Workshop, people: PeopleDomain): RoomsDomain {
  const { accountData } = people;
  const roomState = new RoomState(storage);
  const timeline = new Timeline({ serverName: config.server_name, signingKey }, storage, roomState, now);
  const membership = new Membership({ storage, ...people, roomState, timeline, onError });
  const directory = new Directory(directoryConfig(config), storage, { roomState, timeline, membership }, now);
  const relations = new Relations(storage);
  timeline.addParticipant(relations);
  timeline.addRule(relations);
  const receipts = new Receipts(storage, { accountData, timeline, membership, relations, now });
  const typing = new Typing(storage, membership);
  const presence = new Presence(storage, membership, config.presence, now);
  const eventViews = new EventViews({ accountData, roomState, timeline, membership, relations }, now);
  const rooms = new Rooms(roomsConfig(config), { roomState, timeline, membership, directory, eventViews });
  return { roomState, timeline, membership, directory, relations, receipts, typing, presence, eventViews, rooms };
}

function composeDelivery(workshop: Workshop, people: PeopleDomain, rooms: RoomsDomain): DeliveryDomain {
  const { storage, shutdown, onError } = workshop;
  const notifications = new Notifications(storage, { ...people, ...rooms }, onError);
  rooms.timeline.addParticipant(notifications);
  const sync = composeSync(storage, { ...people, ...rooms, notifications }, DEFAULT_SYNC, onError);
  shutdown.signal.addEventListener('abort', () => sync.stop());
  const oldReader = new OldReader(storage, { ...people, ...rooms }, sync);
  return { notifications, sync, oldReader };
}

function composeJourneys(workshop: Workshop, people: PeopleDomain, rooms: RoomsDomain): JourneysDomain {
  const { config, storage, onError } = workshop;
  const accountLifecycle = new AccountLifecycle(storage, people, registrationConfig(config), now, onError);
  const admin = new Admin(storage, { ...people, ...rooms, accountLifecycle }, now);
  return { accountLifecycle, admin };
}

/** Ports: what features need of others that stand below them. */
function bindUpwards({ profiles }: PeopleDomain, rooms: RoomsDomain, { accountLifecycle }: JourneysDomain): void {
  profiles.bind({ propagator: rooms.membership.followups });
  rooms.membership.bind({ aliases: rooms.directory.aliases });
  accountLifecycle.bind(rooms.membership);
}

async function startWork(domain: Domain, onError: (error: unknown) => void): Promise<void> {
  const { devices, timeline, presence, notifications, accountLifecycle } = domain;
  const { federation, federationOutbound, federationInbound, federationSender } = domain;
  await federation.start();
  await timeline.ingest.start();
  federationOutbound.start();
  federationInbound.start();
  await federationSender.start();
  devices.lastSeen.start();
  timeline.requestExpiry.start(onError);
  await presence.start();
  notifications.start();
  accountLifecycle.parting.start();
}

/** In reverse: what is above may still be written to by what is below. */
async function stopWork({
  devices,
  timeline,
  membership,
  typing,
  presence,
  notifications,
  federationOutbound,
  federationInbound,
  federationSender,
  accountLifecycle,
}: Domain): Promise<void> {
  await accountLifecycle.parting.stop();
  await federationInbound.stop();
  await federationOutbound.stop();
  await timeline.ingest.stop();
  await federationSender.stop();
  await notifications.stop();
  await presence.stop();
  typing.stop();
  await membership.followups.idle();
  await timeline.requestExpiry.stop();
  await devices.lastSeen.stop();
}
