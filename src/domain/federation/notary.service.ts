import { isJsonObject, type JsonObject } from '#kernel/json';
import { endsWithin } from '#kernel/patience';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { signJson, type SigningKey } from '#protocol/signing/index';
import type { DomainRules } from './domain-rules.service';
import type { WantedKeys } from './federation.ports';
import type { OwnKeys } from './own-keys.service';
import { LONGEST_VALIDITY_MS } from './server-keys.model';
import { ServerKeysReader, type StoredDocument } from './server-keys.repository';
import type { ServerKeys } from './server-keys.service';

/** Anybody may ask, and each server asked for may cost us a request of our own. */
const MAX_SERVERS = 100;
const BUDGET_MS = 10_000;
/** Characters of one answer; what is beyond is left out. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** What the keys of a server are wanted for. */
export interface WantedDocuments {
  /** They should be valid until then, in epoch milliseconds; now by default. */
  readonly minimumValidUntil?: number | undefined;
  /** The keys that are looked for; all by default. */
  readonly keyIds?: readonly string[];
}

export interface NotaryParts {
  readonly serverName: string;
  readonly signingKey: SigningKey;
  readonly storage: Storage;
  readonly rules: DomainRules;
  readonly own: OwnKeys;
  readonly keys: Pick<ServerKeys, 'refresh'>;
  readonly now: Clock;
}

/** Vouches for other servers' keys. Spec: server-server, "Querying Keys Through Another Server". */
export class Notary {
  constructor(private readonly parts: NotaryParts) {}

  /**
   * The documents of the servers asked for, each with this server's signature added. Fetched anew, on behalf of `client`,
   * when what is stored will not do; what cannot be had is left out.
   */
  async query(wanted: WantedKeys, client: string): Promise<JsonObject[]> {
    const servers = Object.entries(wanted).slice(0, MAX_SERVERS);
    const found = await Promise.all(servers.map(([name, keys]) => this.documents(name, this.meant(keys), client)));
    return this.vouchFor(found.flat());
  }

  /** The same for one server. */
  async ofServer(serverName: string, wanted: WantedDocuments, client: string): Promise<JsonObject[]> {
    return this.vouchFor(await this.documents(serverName, wanted, client));
  }

  private meant(criteria: WantedKeys[string]): WantedDocuments {
    const now = this.parts.now();
    const times = Object.values(criteria).map(({ minimum_valid_until_ts: least }) => least ?? now);
    return { keyIds: Object.keys(criteria), ...(times.length > 0 && { minimumValidUntil: Math.max(...times) }) };
  }

  private async documents(serverName: string, wanted: WantedDocuments, client: string): Promise<JsonObject[]> {
    if (serverName === this.parts.serverName) return [this.parts.own.publish()];
    if (!this.parts.rules.allows(serverName)) return [];
    const reader = new ServerKeysReader(this.parts.storage);
    const stored = await reader.documents(serverName);
    if (this.willDo(stored, wanted)) return stored.map(({ json }) => json);
    await this.refresh(serverName, client);
    return (await reader.documents(serverName)).map(({ json }) => json);
  }

  /**
   * Whether there is no need to ask the server. A document is used for half of its lifetime: nobody wants one that ends soon.
   * Spec: server-server, `GET /_matrix/key/v2/server`.
   */
  private willDo(stored: readonly StoredDocument[], { minimumValidUntil, keyIds = [] }: WantedDocuments): boolean {
    const now = this.parts.now();
    const isGood = ({ fetchedTs, validUntilTs }: StoredDocument) =>
      validUntilTs >= (minimumValidUntil ?? now) &&
      now - fetchedTs < Math.min(validUntilTs - fetchedTs, LONGEST_VALIDITY_MS) / 2;
    return stored.some(isGood) && keyIds.every((keyId) => stored.some(({ json }) => hasKey(json, keyId)));
  }

  private async refresh(serverName: string, client: string): Promise<void> {
    await endsWithin(this.parts.keys.refresh(serverName, [], client), BUDGET_MS);
  }

  private vouchFor(documents: readonly JsonObject[]): JsonObject[] {
    let left = MAX_ANSWER;
    return documents.flatMap((json) => {
      left -= JSON.stringify(json).length;
      if (left < 0) return [];
      try {
        return [signJson(json, this.parts.serverName, this.parts.signingKey)];
      } catch {
        // Not canonical JSON, which we sign for nobody.
        return [];
      }
    });
  }
}

function hasKey(document: JsonObject, keyId: string): boolean {
  return [document['verify_keys'], document['old_verify_keys']].some(
    (keys) => isJsonObject(keys) && Object.hasOwn(keys, keyId),
  );
}
