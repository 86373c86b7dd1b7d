import { isJsonObject, type JsonObject } from '#kernel/json';
import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { signJson, type SigningKey } from '#protocol/signing/index';
import type { DomainRules } from './domain-rules.service';
import type { WantedKeys } from './federation.ports';
import type { OwnKeys } from './own-keys.service';
import { ServerKeysReader, type StoredDocument } from './server-keys.repository';
import type { ServerKeys } from './server-keys.service';

/** Anybody may ask, and each server asked for may cost us a request of our own. */
const MAX_SERVERS = 100;
const BUDGET_MS = 10_000;

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
   * The documents of the servers asked for, each with this server's signature added. Fetched anew when what is stored is not
   * valid for as long as wanted; what cannot be had is left out.
   */
  async query(wanted: WantedKeys): Promise<JsonObject[]> {
    const servers = Object.keys(wanted).slice(0, MAX_SERVERS);
    const answers = await Promise.all(servers.map((name) => this.ofServer(name, latest(wanted[name] ?? {}))));
    return answers.flat();
  }

  /** The same for one server. `minimumValidUntil` is in epoch milliseconds, now by default. */
  async ofServer(serverName: string, minimumValidUntil = this.parts.now()): Promise<JsonObject[]> {
    if (serverName === this.parts.serverName) return [this.parts.own.publish()];
    if (!this.parts.rules.allows(serverName)) return [];
    const reader = new ServerKeysReader(this.parts.storage);
    let stored = await reader.documents(serverName);
    if (!stored.some(({ validUntilTs }) => validUntilTs >= minimumValidUntil)) {
      await this.refresh(serverName);
      stored = await reader.documents(serverName);
    }
    return stored.flatMap((document) => this.vouchFor(document));
  }

  private async refresh(serverName: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, BUDGET_MS)));
    await Promise.race([late, this.parts.keys.refresh(serverName)]).finally(() => clearTimeout(timer));
  }

  private vouchFor({ content }: StoredDocument): JsonObject[] {
    const json = JSON.parse(content) as unknown;
    if (!isJsonObject(json)) return [];
    try {
      return [signJson(json, this.parts.serverName, this.parts.signingKey)];
    } catch {
      // Not canonical JSON, which we sign for nobody.
      return [];
    }
  }
}

function latest(criteria: WantedKeys[string]): number | undefined {
  const asked = Object.values(criteria).flatMap(({ minimum_valid_until_ts }) => minimum_valid_until_ts ?? []);
  return asked.length === 0 ? undefined : Math.max(...asked);
}
