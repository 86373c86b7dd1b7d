import type { Clock } from '#kernel/time';
import type { HttpOut } from '#platform/http-out/http-out';
import type { Names } from '#platform/http-out/names';
import type { Storage } from '#platform/storage/storage';
import type { SigningKey } from '#protocol/signing/index';
import { Destinations } from './destinations.service';
import { Discovery } from './discovery.service';
import { DomainRules } from './domain-rules.service';
import { EventSignatures } from './event-signatures.service';
import type { FederationConfig } from './federation.config';
import type { KeySource } from './federation.ports';
import { Notary } from './notary.service';
import { OwnKeys } from './own-keys.service';
import { RequestSignatures } from './request-signatures.service';
import { ServerKeys } from './server-keys.service';

/** What federation is made of. */
export interface FederationParts {
  readonly storage: Storage;
  readonly signingKey: SigningKey;
  /** Requests under the policy for other homeservers. */
  readonly http: HttpOut;
  readonly names: Names;
  readonly now: Clock;
}

/** How this server and others find, know and trust each other. */
export class Federation {
  readonly serverName: string;
  readonly rules: DomainRules;
  readonly discovery: Discovery;
  readonly destinations: Destinations;
  readonly ownKeys: OwnKeys;
  readonly keys: ServerKeys;
  readonly requests: RequestSignatures;
  readonly notary: Notary;
  readonly eventSignatures: EventSignatures;

  constructor(config: FederationConfig, { storage, signingKey, http, names, now }: FederationParts) {
    const { serverName } = config;
    this.serverName = serverName;
    this.rules = new DomainRules(config);
    this.discovery = Discovery.over(http, names, now);
    this.destinations = new Destinations(storage, now);
    this.ownKeys = new OwnKeys(serverName, signingKey, storage, now);
    this.keys = new ServerKeys(config, storage, this.rules, this.ownKeys, now);
    const parts = { serverName, signingKey, keys: this.keys, rules: this.rules };
    this.requests = new RequestSignatures({ ...parts, destinations: this.destinations });
    this.notary = new Notary({ ...parts, storage, own: this.ownKeys, now });
    this.eventSignatures = new EventSignatures(this.keys);
  }

  /** Binds who asks other servers for keys. */
  bind(source: KeySource): void {
    this.keys.bind(source);
  }

  /** Settles this server's keys. Before the first request. */
  start(): Promise<void> {
    return this.ownKeys.settle();
  }
}
