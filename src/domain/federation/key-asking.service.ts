import type { JsonValue } from '#kernel/json';
import { endsWithin } from '#kernel/patience';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { readKeyDocument, signingKeyIds, verifyJson, type KeyDocument, type VerifyKey } from '#protocol/signing/index';
import type { KeySource, WantedKeys } from './federation.ports';
import { KeyAttempts } from './key-attempts.service';
import { isValidAt, LONGEST_VALIDITY_MS, type ServerKey, type WantedKey } from './server-keys.model';
import { ServerKeysWriter } from './server-keys.repository';

/** Twice what 32 keys and 128 old ones take: documents are kept, and passed on to whoever asks this server as a notary. */
const MAX_DOCUMENT_LENGTH = 65_536;

/** A server that is well has answered by then, its look-up included; one that has not is asked about elsewhere too. */
const PATIENCE_MS = 2_000;

/** What asking for keys needs of others. */
export interface KeyAskingParts {
  readonly storage: Storage;
  readonly trustedKeyServers: readonly string[];
  readonly now: Clock;
  /** A key that a server is known to use now. Fetches nothing. */
  readonly knownKey: (serverName: string, keyId: string) => Promise<VerifyKey | undefined>;
  /** Told of keys that were stored, to forget what is cached. */
  readonly onStored: (keys: readonly ServerKey[]) => void;
}

/** Asks a server for its keys, then the trusted notaries, and stores what is good. SECURITY: rows 11, 46. */
export class KeyAsking {
  private readonly underWay = new Map<string, Promise<KeyDocument | undefined>>();
  /** Which notaries do not answer. Everybody who wants a key would wait for them. */
  private readonly notaries: KeyAttempts;
  private source: KeySource | undefined;

  constructor(
    private readonly parts: KeyAskingParts,
    private readonly attempts: KeyAttempts,
  ) {
    this.notaries = new KeyAttempts(parts.now);
  }

  bind(source: KeySource): void {
    this.source = source;
  }

  /**
   * Notaries are asked for what the server itself does not give, and for everything when it takes its time: then whoever
   * answers first counts. Never rejects; true when anybody has answered, once nobody is being asked any more.
   *
   * @param onEnough called as soon as all wanted keys are there
   */
  async ask(serverName: string, wanted: readonly WantedKey[], onEnough: () => void): Promise<boolean> {
    const itself = this.askItself(serverName);
    if (!(await endsWithin(itself, PATIENCE_MS))) return this.askBoth(itself, serverName, wanted, onEnough);
    const own = await itself;
    const missing = wanted.filter(({ keyId }) => !has(own, keyId));
    if (own !== undefined && missing.length === 0) return true;
    return (await this.askNotaries(serverName, missing)).length > 0 || own !== undefined;
  }

  /** Goes on waiting for the server when notaries suffice: its own word counts more, for the next time. */
  private async askBoth(
    itself: Promise<KeyDocument | undefined>,
    serverName: string,
    wanted: readonly WantedKey[],
    onEnough: () => void,
  ): Promise<boolean> {
    const byItself = itself.then((own) => {
      if (own !== undefined && wanted.every(({ keyId }) => has(own, keyId))) onEnough();
      return own !== undefined;
    });
    const byNotaries = this.askNotaries(serverName, wanted).then((keys) => {
      if (suffice(keys, wanted, this.parts.now())) onEnough();
      return keys.length > 0;
    });
    return (await Promise.all([byItself, byNotaries])).includes(true);
  }

  /** What the server itself publishes, stored; undefined when it gives nothing usable. */
  private askItself(serverName: string): Promise<KeyDocument | undefined> {
    const asked = this.underWay.get(serverName) ?? this.published(serverName);
    this.underWay.set(serverName, asked);
    return asked.finally(() => this.underWay.delete(serverName));
  }

  private async published(serverName: string): Promise<KeyDocument | undefined> {
    try {
      const document = readDocument(await this.source?.published(serverName), serverName);
      if (document !== undefined) await this.store([document], serverName);
      return document;
    } catch {
      return undefined;
    }
  }

  /** Asks all notaries at once; the keys that they know. A key that two of them give differently is nobody's. */
  private async askNotaries(serverName: string, missing: readonly WantedKey[]): Promise<ServerKey[]> {
    const notaries = this.parts.trustedKeyServers.filter(
      (notary) => notary !== serverName && this.notaries.isDue(notary),
    );
    const query = { [serverName]: Object.fromEntries(missing.map((one) => [one.keyId, criteriaOf(one)])) };
    const answers = await Promise.all(notaries.map((notary) => this.vouched(notary, serverName, query)));
    const disputed = disputedKeys(answers.flat());
    const stored: ServerKey[] = [];
    for (const [index, documents] of answers.entries()) {
      stored.push(...(await this.store(documents, notaries[index]!, disputed)));
    }
    return stored;
  }

  private async vouched(notary: string, serverName: string, query: WantedKeys): Promise<KeyDocument[]> {
    try {
      const documents = await this.answerOf(notary, query);
      const checked = await Promise.all(documents.map((json) => this.checkVouched(notary, serverName, json)));
      // The latest has the last word.
      return checked.filter((document) => document !== undefined).sort((a, b) => a.validUntilTs - b.validUntilTs);
    } catch {
      return [];
    }
  }

  private async answerOf(notary: string, query: WantedKeys): Promise<readonly JsonValue[]> {
    try {
      const documents = (await this.source?.vouched(notary, query)) ?? [];
      this.notaries.answered(notary);
      return documents;
    } catch (error) {
      this.notaries.failed(notary);
      throw error;
    }
  }

  /** The document must be signed by its server, as ever, and by the notary, whose word this is. */
  private async checkVouched(notary: string, serverName: string, json: JsonValue): Promise<KeyDocument | undefined> {
    const document = readDocument(json, serverName);
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
    if (known !== undefined || !this.attempts.isDue(notary)) return known;
    await this.askItself(notary);
    this.attempts.succeeded(notary);
    return this.parts.knownKey(notary, keyId);
  }

  private async store(
    documents: readonly KeyDocument[],
    source: string,
    disputed: ReadonlySet<string> = new Set(),
  ): Promise<ServerKey[]> {
    const now = this.parts.now();
    const all: ServerKey[] = [];
    for (const document of documents) {
      const { serverName } = document;
      const keys = keysOf(document, now).filter(({ keyId }) => !disputed.has(keyId));
      const stored = await this.parts.storage.write(async (tx) => {
        const writer = new ServerKeysWriter(tx);
        await writer.storeDocument(document, now);
        return writer.store(serverName, keys, now, source);
      });
      this.parts.onStored(stored);
      all.push(...stored);
    }
    return all;
  }
}

function readDocument(json: JsonValue | undefined, serverName: string): KeyDocument | undefined {
  const document = readKeyDocument(json, serverName);
  return document !== undefined && JSON.stringify(document.json).length <= MAX_DOCUMENT_LENGTH ? document : undefined;
}

function has(document: KeyDocument | undefined, keyId: string): boolean {
  return document !== undefined && (document.verifyKeys.has(keyId) || document.oldVerifyKeys.has(keyId));
}

/** Whether the keys are all that is wanted; when nothing is named, any that is in use now. */
function suffice(keys: readonly ServerKey[], wanted: readonly WantedKey[], now: number): boolean {
  if (wanted.length === 0) return keys.some((key) => isValidAt(key, now));
  return wanted.every(({ keyId, at }) => keys.some((key) => key.keyId === keyId && isValidAt(key, at)));
}

/** Spec: room version 5, "Signing key validity period": the notary must be told when the key is needed for. */
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
