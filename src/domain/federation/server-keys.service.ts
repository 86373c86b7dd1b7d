import { LRUCache } from 'lru-cache';
import { endsWithin } from '#kernel/patience';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { Storage } from '#platform/storage/storage';
import { isKeyId, VerifyKey } from '#protocol/signing/index';
import type { DomainRules } from './domain-rules.service';
import type { FederationConfig } from './federation.config';
import type { KeySource } from './federation.ports';
import { KeyFetching } from './key-fetching.service';
import type { OwnKeys } from './own-keys.service';
import { isValidAt, type ServerKey, type UsableKey, type WantedKey } from './server-keys.model';
import { ServerKeysReader } from './server-keys.repository';

const MAX_CACHED = 50_000;
/** How long something that waits for keys waits at most; fetching goes on, for the next time. */
const BUDGET_MS = 20_000;

/** Finds a key among those that were asked for; undefined when it cannot be had or does not count at that time. */
export type KeyFinder = (wanted: WantedKey) => VerifyKey | undefined;

/**
 * Other servers' signing keys: from memory, else the database, else fetched. Keys of the past are kept, since an event is
 * checked by the keys of its day. Spec: server-server, "Retrieving server keys".
 */
export class ServerKeys {
  private readonly cache = new LRUCache<string, UsableKey>(atMost(MAX_CACHED));
  private readonly fetching: KeyFetching;
  private readonly revoked: ReadonlySet<string>;
  private readonly serverName: string;

  constructor(
    config: FederationConfig,
    private readonly storage: Storage,
    rules: DomainRules,
    private readonly own: OwnKeys,
    private readonly now: Clock,
  ) {
    this.serverName = config.serverName;
    this.revoked = new Set(config.revokedKeys.map(withoutPadding));
    this.fetching = new KeyFetching({
      storage,
      rules,
      trustedKeyServers: config.trustedKeyServers,
      now,
      knownKey: (serverName, keyId) => this.knownKey(serverName, keyId),
      onStored: (keys) => keys.forEach((key) => this.remember(key)),
    });
  }

  bind(source: KeySource): void {
    this.fetching.bind(source);
  }

  /** The key for what is signed now, as requests are: never one that was given up. `client` is as in {@link find}. */
  async currentKey(serverName: string, keyId: string, client: string): Promise<VerifyKey | undefined> {
    await this.find([{ serverName, keyId, at: this.now() }], client);
    return this.inUse(serverName, keyId);
  }

  /**
   * Finds many keys: one statement for those not in memory, then one request a server, all at the same time, for those
   * that are missing or too old. Waits a while at most; what comes later is there the next time.
   *
   * @param client on whose behalf: the server that brought what is signed, or the address of a client that is not known yet
   */
  async find(wanted: readonly WantedKey[], client: string): Promise<KeyFinder> {
    const sane = wanted.filter(({ keyId }) => isKeyId(keyId));
    await this.read(sane);
    const missing = new Map<string, WantedKey[]>();
    for (const one of sane) {
      if (one.serverName === this.serverName || this.usable(one) !== undefined) continue;
      if (this.isRevoked(one)) continue;
      const list = missing.get(one.serverName) ?? [];
      missing.set(one.serverName, [...list, one]);
    }
    if (missing.size > 0) {
      const work = [...missing].map(([serverName, keys]) => this.fetching.fetch(serverName, keys, client));
      await endsWithin(Promise.all(work), BUDGET_MS);
    }
    return (one) => this.usable(one);
  }

  /** Asks a server for its keys, unless it was asked just now. Never rejects. */
  refresh(serverName: string, wanted: readonly WantedKey[], client: string): Promise<void> {
    return this.fetching.fetch(serverName, wanted, client);
  }

  private async knownKey(serverName: string, keyId: string): Promise<VerifyKey | undefined> {
    await this.read([{ serverName, keyId }]);
    return this.inUse(serverName, keyId);
  }

  private inUse(serverName: string, keyId: string): VerifyKey | undefined {
    const key = this.usable({ serverName, keyId, at: this.now() });
    return this.known(serverName, keyId)?.expiredTs === null ? key : undefined;
  }

  private async read(wanted: readonly Omit<WantedKey, 'at'>[]): Promise<void> {
    const unknown = wanted.filter(
      ({ serverName, keyId }) => serverName !== this.serverName && !this.cache.has(cacheKey(serverName, keyId)),
    );
    if (unknown.length === 0) return;
    for (const key of await new ServerKeysReader(this.storage).find(unknown)) this.remember(key);
  }

  private remember(key: ServerKey): void {
    const verifyKey = VerifyKey.fromBase64(key.publicKey);
    if (verifyKey !== undefined) this.cache.set(cacheKey(key.serverName, key.keyId), { ...key, verifyKey });
  }

  private known(serverName: string, keyId: string): UsableKey | undefined {
    return serverName === this.serverName ? this.own.find(keyId) : this.cache.get(cacheKey(serverName, keyId));
  }

  private usable(wanted: WantedKey): VerifyKey | undefined {
    const key = this.known(wanted.serverName, wanted.keyId);
    return key !== undefined && isValidAt(key, wanted.at) && !this.isRevoked(wanted) ? key.verifyKey : undefined;
  }

  private isRevoked({ serverName, keyId }: WantedKey): boolean {
    const key = this.known(serverName, keyId);
    return key !== undefined && this.revoked.has(withoutPadding(key.publicKey));
  }
}

/** No server name has a blank. */
function cacheKey(serverName: string, keyId: string): string {
  return `${serverName} ${keyId}`;
}

function withoutPadding(text: string): string {
  return text.replace(/=+$/, '').replace(/-/g, '+').replace(/_/g, '/');
}
