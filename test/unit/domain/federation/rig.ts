import type { JsonObject, JsonValue } from '#kernel/json';
import { Federation, type FederationConfig, type KeySource, type WantedKeys } from '#domain/federation';
import { HttpOut } from '#platform/http-out/http-out';
import { signJson, SigningKey } from '#protocol/signing/index';
import { startTestStorage, type TestStorage } from '../../../support/storage';

export const DAY = 24 * 3_600_000;
export const OWN = 'own.test';

/** Another server: what it publishes, and a key to sign with. */
export class Stranger {
  key: SigningKey;
  old: Record<string, { key: string; expired_ts: number }> = {};
  reachable = true;
  /** What its answers wait for. */
  gate: Promise<void> = Promise.resolve();
  validUntilTs: number;
  asked = 0;

  constructor(
    readonly serverName: string,
    seed: number,
    now: number,
  ) {
    this.key = SigningKey.fromSeed(`ed25519:k${seed}`, Buffer.alloc(32, seed));
    this.validUntilTs = now + DAY;
  }

  document(): JsonObject {
    const document: JsonObject = {
      server_name: this.serverName,
      verify_keys: { [this.key.keyId]: { key: this.key.publicKey } },
      old_verify_keys: this.old,
      valid_until_ts: this.validUntilTs,
    };
    return signJson(document, this.serverName, this.key);
  }
}

/** So many keys that a server has given up: about 100 characters each. */
export const oldKeys = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`ed25519:old${index}`, { key: 'A'.repeat(43), expired_ts: 1 }]),
  );

export interface FederationRig {
  readonly database: TestStorage;
  readonly clock: { now: number };
  readonly federation: Federation;
  readonly strangers: Map<string, Stranger>;
  /** What each notary answers to a query about a server. */
  readonly vouched: Map<string, (serverName: string) => JsonValue[]>;
  /** What notaries were asked. */
  readonly queries: WantedKeys[];
  stranger(serverName: string): Stranger;
  /** A second server process on the same data, with another key. */
  reopen(seed?: number, config?: Partial<FederationConfig>): Promise<Federation>;
  stop(): Promise<void>;
}

/** Federation on a database of its own, with strangers instead of a network. */
export async function startFederationRig(config: Partial<FederationConfig> = {}): Promise<FederationRig> {
  const database = await startTestStorage();
  const clock = { now: 1_700_000_000_000 };
  const strangers = new Map<string, Stranger>();
  const vouched: FederationRig['vouched'] = new Map();
  const queries: WantedKeys[] = [];
  const source: KeySource = {
    published: async (serverName) => {
      const stranger = strangers.get(serverName);
      if (stranger !== undefined) stranger.asked++;
      await stranger?.gate;
      if (stranger?.reachable !== true) throw new Error('no answer');
      return stranger.document();
    },
    vouched: async (notary, wanted) => {
      queries.push(wanted);
      return Object.keys(wanted).flatMap((name) => vouched.get(notary)?.(name) ?? []);
    },
  };
  const names = { addresses: async () => [], services: async () => [] };
  const http = new HttpOut(names, { allowPrivateNetworks: false, caCertificates: [] });
  const open = async (seed: number, more: Partial<FederationConfig>) => {
    const whole: FederationConfig = {
      serverName: OWN,
      allowedDomains: null,
      deniedDomains: [],
      trustedKeyServers: [],
      revokedKeys: [],
      ...config,
      ...more,
    };
    const signingKey = SigningKey.fromSeed(`ed25519:own${seed}`, Buffer.alloc(32, seed));
    const { storage } = database;
    const federation = new Federation(whole, { storage, signingKey, http, names, now: () => clock.now });
    federation.bind(source);
    await federation.start();
    return federation;
  };
  return {
    database,
    clock,
    federation: await open(200, {}),
    strangers,
    vouched,
    queries,
    stranger: (serverName) => {
      const stranger = new Stranger(serverName, strangers.size + 1, clock.now);
      strangers.set(serverName, stranger);
      return stranger;
    },
    reopen: (seed = 200, more = {}) => open(seed, more),
    stop: async () => {
      await http.close();
      await database.stop();
    },
  };
}
