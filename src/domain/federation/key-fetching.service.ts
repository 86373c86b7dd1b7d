import { LRUCache } from 'lru-cache';
import type { JsonValue } from '#kernel/json';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { readKeyDocument, signingKeyIds, verifyJson, type KeyDocument, type VerifyKey } from '#protocol/signing/index';
import type { DomainRules } from './domain-rules.service';
import type { KeySource, WantedKeys } from './federation.ports';
import { LONGEST_VALIDITY_MS, type ServerKey, type WantedKey } from './server-keys.model';
import { ServerKeysWriter } from './server-keys.repository';

/** After a good answer a server is not asked again for so long, whatever keys somebody claims it has. */
const PAUSE_MS = 30_000;
const FIRST_BACK_OFF_MS = 10_000;
const LONGEST_BACK_OFF_MS = 3_600_000;
const MAX_REMEMBERED = 20_000;
/** Anybody can make us ask anybody by claiming to be them: so many at once, no more. */
const MAX_AT_ONCE = 64;
const MAX_WAITING = 5_000;

interface Attempt {
  readonly next: number;
  readonly backOffMs: number;
}

/** What fetching needs of others. */
export interface KeyFetchingParts {
  readonly storage: Storage;
  readonly rules: DomainRules;
  readonly trustedKeyServers: readonly string[];
  readonly now: Clock;
  /** A key that a server is known to use now. Fetches nothing. */
  readonly knownKey: (serverName: string, keyId: string) => Promise<VerifyKey | undefined>;
  /** Told of keys that were stored, to forget what is cached. */
  readonly onStored: (keys: readonly ServerKey[]) => void;
}

/**
 * Fetches servers' keys, from themselves first, then from the trusted notaries, and stores them. One request a server at
 * a time; servers that fail are left alone, longer each time. SECURITY: rows 11, 46.
 */
export class KeyFetching {
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly asked = new Map<string, Promise<KeyDocument | undefined>>();
  private readonly attempts = new LRUCache<string, Attempt>({ max: MAX_REMEMBERED });
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private source: KeySource | undefined;

  constructor(private readonly parts: KeyFetchingParts) {}

  bind(source: KeySource): void {
    this.source = source;
  }

  /** Tries to get one server's keys and stores what comes. Never rejects: what is there afterwards is looked up again. */
  fetch(serverName: string, wanted: readonly WantedKey[]): Promise<void> {
    const running = this.underWay.get(serverName);
    if (running !== undefined) return running;
    const attempt = this.attempts.get(serverName);
    if (!this.parts.rules.allows(serverName) || (attempt !== undefined && attempt.next > this.parts.now())) {
      return Promise.resolve();
    }
    if (this.waiting.length >= MAX_WAITING) return Promise.resolve();
    const work = this.inTurn(() => this.ask(serverName, wanted)).finally(() => this.underWay.delete(serverName));
    this.underWay.set(serverName, work);
    return work;
  }

  private async ask(serverName: string, wanted: readonly WantedKey[]): Promise<void> {
    const own = await this.askItself(serverName);
    const missing = wanted.filter(({ keyId }) => !has(own, keyId));
    const vouched = own === undefined || missing.length > 0 ? await this.askNotaries(serverName, missing) : [];
    const before = this.attempts.get(serverName);
    const failed = own === undefined && vouched.length === 0;
    const backOffMs = failed ? Math.min((before?.backOffMs || FIRST_BACK_OFF_MS / 2) * 2, LONGEST_BACK_OFF_MS) : 0;
    this.attempts.set(serverName, { backOffMs, next: this.parts.now() + (backOffMs || PAUSE_MS) });
  }

  /** What the server itself publishes, stored; undefined when it gives nothing usable. */
  private askItself(serverName: string): Promise<KeyDocument | undefined> {
    const asked = this.asked.get(serverName) ?? this.published(serverName);
    this.asked.set(serverName, asked);
    return asked.finally(() => this.asked.delete(serverName));
  }

  private async published(serverName: string): Promise<KeyDocument | undefined> {
    let document: KeyDocument | undefined;
    try {
      document = readKeyDocument(await this.source?.published(serverName), serverName);
    } catch {
      return undefined;
    }
    if (document !== undefined) await this.store([document], serverName);
    return document;
  }

  /** Asks all notaries at once. A key that two of them give differently is nobody's. */
  private async askNotaries(serverName: string, missing: readonly WantedKey[]): Promise<readonly KeyDocument[]> {
    const notaries = this.parts.trustedKeyServers.filter((notary) => notary !== serverName);
    const query = { [serverName]: Object.fromEntries(missing.map((one) => [one.keyId, criteriaOf(one)])) };
    const answers = await Promise.all(notaries.map((notary) => this.vouched(notary, serverName, query)));
    const disputed = disputedKeys(answers.flat());
    for (const [index, documents] of answers.entries()) {
      await this.store(documents, notaries[index]!, disputed);
    }
    return answers.flat();
  }

  private async vouched(notary: string, serverName: string, query: WantedKeys): Promise<KeyDocument[]> {
    try {
      const documents = (await this.source?.vouched(notary, query)) ?? [];
      const checked = await Promise.all(documents.map((json) => this.checkVouched(notary, serverName, json)));
      return checked.filter((document) => document !== undefined);
    } catch {
      return [];
    }
  }

  /** The document must be signed by its server, as ever, and by the notary, whose word this is. */
  private async checkVouched(notary: string, serverName: string, json: JsonValue): Promise<KeyDocument | undefined> {
    const document = readKeyDocument(json, serverName);
    if (document === undefined) return undefined;
    for (const keyId of signingKeyIds(document.json, notary)) {
      const key = await this.notaryKey(notary, keyId);
      if (key !== undefined && verifyJson(document.json, notary, keyId, key)) return document;
    }
    return undefined;
  }

  /** Asks nobody but the notary, and takes no turn: whoever waits for this has one. */
  private async notaryKey(notary: string, keyId: string): Promise<VerifyKey | undefined> {
    const known = await this.parts.knownKey(notary, keyId);
    const now = this.parts.now();
    if (known !== undefined || (this.attempts.get(notary)?.next ?? 0) > now) return known;
    await this.askItself(notary);
    this.attempts.set(notary, { backOffMs: 0, next: now + PAUSE_MS });
    return this.parts.knownKey(notary, keyId);
  }

  private async store(
    documents: readonly KeyDocument[],
    source: string,
    disputed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const now = this.parts.now();
    for (const document of documents) {
      const { serverName } = document;
      const keys = keysOf(document, now).filter(({ keyId }) => !disputed.has(keyId));
      const stored = await this.parts.storage.write(async (tx) => {
        const writer = new ServerKeysWriter(tx);
        await writer.storeDocument(document, now);
        return writer.store(serverName, keys, now, source);
      });
      this.parts.onStored(stored);
    }
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      await work();
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }
}

function has(document: KeyDocument | undefined, keyId: string): boolean {
  return document !== undefined && (document.verifyKeys.has(keyId) || document.oldVerifyKeys.has(keyId));
}

function criteriaOf({ at }: WantedKey): { minimum_valid_until_ts?: number } {
  return at === null ? {} : { minimum_valid_until_ts: at };
}

/** What a document says of each key, its validity cut to what may be believed. */
function keysOf({ serverName, validUntilTs, verifyKeys, oldVerifyKeys }: KeyDocument, now: number): ServerKey[] {
  const believed = Math.min(validUntilTs, now + LONGEST_VALIDITY_MS);
  const current = [...verifyKeys].map(([keyId, publicKey]) => ({ publicKey, keyId, expiredTs: null }));
  const old = [...oldVerifyKeys].map(([keyId, key]) => ({ ...key, keyId }));
  return [...current, ...old].map((key) => ({
    ...key,
    serverName,
    validUntilTs: key.expiredTs === null ? believed : Math.min(key.expiredTs, believed),
  }));
}

function disputedKeys(documents: readonly KeyDocument[]): Set<string> {
  const seen = new Map<string, string>();
  const disputed = new Set<string>();
  for (const { verifyKeys, oldVerifyKeys } of documents) {
    const all = [...verifyKeys, ...[...oldVerifyKeys].map(([keyId, { publicKey }]) => [keyId, publicKey] as const)];
    for (const [keyId, publicKey] of all) {
      if ((seen.get(keyId) ?? publicKey) !== publicKey) disputed.add(keyId);
      seen.set(keyId, publicKey);
    }
  }
  return disputed;
}
