import { AccountData, Tags } from '#domain/account-data';
import { AccountLifecycle, type RegistrationConfig } from '#domain/account-lifecycle';
import { Accounts } from '#domain/accounts';
import { Devices } from '#domain/devices';
import { Filters } from '#domain/filters';
import { Profiles } from '#domain/profiles';
import { PushRules } from '#domain/push-rules';
import { DEFAULT_SESSIONS, Sessions } from '#domain/sessions';
import { ToDevice } from '#domain/to-device';
import { startTestStorage, type TestStorage } from './storage';

export const REGISTRATION: RegistrationConfig = {
  enabled: true,
  allowGuests: false,
  requireToken: false,
  requireEmail: false,
  requireTerms: false,
  terms: {},
  sharedSecret: 'shared secret',
};

/** The features about people on a database of their own, with cheap passwords and a clock that the test moves. */
export interface TestPeople {
  readonly database: TestStorage;
  readonly clock: { now: number };
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly accountData: AccountData;
  readonly tags: Tags;
  readonly profiles: Profiles;
  readonly filters: Filters;
  readonly pushRules: PushRules;
  readonly toDevice: ToDevice;
  readonly accountLifecycle: AccountLifecycle;
  /** Makes an account with a password and gives its user id. */
  addUser(localpart: string, password?: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startTestPeople(registration: Partial<RegistrationConfig> = {}): Promise<TestPeople> {
  const database = await startTestStorage();
  const { storage } = database;
  const clock = { now: 1_000_000 };
  const now = () => clock.now;
  const onError = (error: unknown) => {
    throw error;
  };
  const passwords = { memoryKib: 8, iterations: 1, parallelism: 1, minLength: 1 };
  const accounts = new Accounts(storage, { serverName: 'test.example', passwords }, now);
  const devices = new Devices(storage, now, onError);
  const sessions = new Sessions(storage, accounts, devices, DEFAULT_SESSIONS, now, onError);
  const accountData = new AccountData(storage);
  const tags = new Tags(accountData);
  const profiles = new Profiles(storage, accounts);
  const filters = new Filters(storage);
  const pushRules = new PushRules(storage, accountData);
  const toDevice = new ToDevice(storage, devices, 'test.example', now);
  const people = { accounts, devices, sessions, accountData, tags, profiles, filters, pushRules, toDevice };
  const config = { ...REGISTRATION, ...registration };
  const accountLifecycle = new AccountLifecycle(storage, people, config, now, onError);
  return {
    database,
    clock,
    ...people,
    accountLifecycle,
    addUser: async (localpart, password = 'secret') => {
      const passwordHash = await accounts.passwords.hash(password);
      return (await accounts.create({ localpart, passwordHash })).userId;
    },
    stop: () => database.stop(),
  };
}
