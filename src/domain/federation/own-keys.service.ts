import type { JsonObject } from '#kernel/json';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { signJson, VerifyKey, type SigningKey } from '#protocol/signing/index';
import type { UsableKey } from './server-keys.model';
import { OWN_SOURCE, ServerKeysReader, ServerKeysWriter } from './server-keys.repository';

/** Other servers ask again after a day; a key that is given up is believed for no longer. */
const VALIDITY_MS = 24 * 3_600_000;
/** The document is signed anew after so long: it is open to everybody, and a signature a request would be theirs to order. */
const RENEWED_AFTER_MS = 3_600_000;
const NEVER = Number.MAX_SAFE_INTEGER;

/** What `GET /_matrix/key/v2/server` answers. */
export type PublishedKeys = JsonObject & {
  server_name: string;
  verify_keys: Record<string, { key: string }>;
  old_verify_keys: Record<string, { key: string; expired_ts: number }>;
  valid_until_ts: number;
  signatures: Record<string, Record<string, string>>;
};

/**
 * This server's keys: the one it signs with, and those it gave up, which its older events are still checked by. A key is
 * given up by starting with another one.
 */
export class OwnKeys {
  private old: readonly UsableKey[] = [];
  private document: { readonly json: PublishedKeys; readonly madeAt: number } | undefined;

  constructor(
    private readonly serverName: string,
    private readonly signingKey: SigningKey,
    private readonly storage: Storage,
    private readonly now: Clock,
  ) {}

  /** Writes down which key is in use since when, and reads the old ones. Before the first request. */
  async settle(): Promise<void> {
    const { keyId, publicKey } = this.signingKey;
    const current = { serverName: this.serverName, keyId, publicKey, validUntilTs: NEVER, expiredTs: null };
    const now = this.now();
    const known = (await new ServerKeysReader(this.storage).ofServer(this.serverName)).find(
      (key) => key.keyId === keyId && key.publicKey === publicKey && key.expiredTs === null,
    );
    const keys = await this.storage.write(async (tx) => {
      const writer = new ServerKeysWriter(tx);
      if (known === undefined) await writer.store(this.serverName, [current], now, OWN_SOURCE);
      await writer.expireOthers(this.serverName, keyId, now);
      return writer.ofServer(this.serverName);
    });
    this.old = keys.flatMap((key) => {
      const verifyKey = VerifyKey.fromBase64(key.publicKey);
      return key.keyId === keyId || key.expiredTs === null || verifyKey === undefined ? [] : [{ ...key, verifyKey }];
    });
    this.document = undefined;
  }

  /** A key of this server, of today or older. */
  find(keyId: string): UsableKey | undefined {
    return keyId === this.signingKey.keyId ? this.current() : this.old.find((key) => key.keyId === keyId);
  }

  /** The signed document that others check our signatures by. Spec: server-server, "Publishing Keys". */
  publish(): PublishedKeys {
    const now = this.now();
    if (this.document === undefined || now - this.document.madeAt > RENEWED_AFTER_MS) {
      this.document = { json: this.make(now), madeAt: now };
    }
    return this.document.json;
  }

  private make(now: number): PublishedKeys {
    const { keyId, publicKey } = this.signingKey;
    const old = this.old.map((key) => [key.keyId, { key: key.publicKey, expired_ts: key.expiredTs ?? now }] as const);
    const document = {
      server_name: this.serverName,
      verify_keys: { [keyId]: { key: publicKey } },
      old_verify_keys: Object.fromEntries(old),
      valid_until_ts: now + VALIDITY_MS,
    };
    return signJson(document, this.serverName, this.signingKey) as unknown as PublishedKeys;
  }

  private current(): UsableKey | undefined {
    const { keyId, publicKey } = this.signingKey;
    const verifyKey = VerifyKey.fromBase64(publicKey);
    return (
      verifyKey && { serverName: this.serverName, keyId, publicKey, validUntilTs: NEVER, expiredTs: null, verifyKey }
    );
  }
}
