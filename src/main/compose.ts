import { AccountData, Tags } from '#domain/account-data';
import { AccountLifecycle } from '#domain/account-lifecycle';
import { Accounts } from '#domain/accounts';
import { Devices } from '#domain/devices';
import type { Domain, JourneysDomain, PeopleDomain, RoomsDomain } from '#domain/domain';
import { Filters } from '#domain/filters';
import { Profiles } from '#domain/profiles';
import { PushRules } from '#domain/push-rules';
import { Relations } from '#domain/relations';
import { RoomState } from '#domain/room-state';
import { Sessions } from '#domain/sessions';
import { Timeline } from '#domain/timeline';
import { ToDevice } from '#domain/to-device';
import { now } from '#kernel/time';
import { accountsConfig, registrationConfig, sessionsConfig } from './config/slices';
import type { Machinery } from './machinery';

/** The features, and the work that goes on between requests. */
export interface Composition {
  readonly domain: Domain;
  /** Starts background work, before the first request. */
  start(): Promise<void>;
  /** Ends it, writing down what is only remembered. The storage is still open. */
  stop(): Promise<void>;
}

/** Makes every feature, in the order of `features.json`: a feature gets only what stands above it. */
export function compose(machinery: Machinery): Composition {
  const people = composePeople(machinery);
  const rooms = composeRooms(machinery);
  const journeys = composeJourneys(machinery, people);
  return {
    domain: { ...people, ...rooms, ...journeys },
    start: async () => {
      people.devices.lastSeen.start();
      journeys.accountLifecycle.parting.start();
    },
    stop: async () => {
      await journeys.accountLifecycle.parting.stop();
      await people.devices.lastSeen.stop();
    },
  };
}

function composePeople({ config, storage, log }: Machinery): PeopleDomain {
  const onError = (error: unknown) => log.error({ error }, 'background work failed');
  const accounts = new Accounts(storage, accountsConfig(config), now);
  const devices = new Devices(storage, now, onError);
  const sessions = new Sessions(storage, accounts, devices, sessionsConfig(config), now);
  const accountData = new AccountData(storage);
  const tags = new Tags(accountData);
  const profiles = new Profiles(storage, accounts);
  const filters = new Filters(storage);
  const pushRules = new PushRules(storage, accountData);
  const toDevice = new ToDevice(storage, devices, config.server_name, now);
  return { accounts, devices, sessions, accountData, tags, profiles, filters, pushRules, toDevice };
}

function composeRooms({ config, storage, signingKey }: Machinery): RoomsDomain {
  const roomState = new RoomState(storage);
  const timeline = new Timeline({ serverName: config.server_name, signingKey }, storage, roomState, now);
  const relations = new Relations(storage);
  timeline.addParticipant(relations);
  return { roomState, timeline, relations };
}

function composeJourneys({ config, storage, log }: Machinery, people: PeopleDomain): JourneysDomain {
  const onError = (error: unknown) => log.error({ error }, 'background work failed');
  return { accountLifecycle: new AccountLifecycle(storage, people, registrationConfig(config), now, onError) };
}
