import { Federation } from '#domain/federation';
import { now } from '#kernel/time';
import { HttpOut } from '#platform/http-out/http-out';
import { FederationClient } from '#rest/outbound/federation-client';
import { keySource } from '#rest/outbound/key-source';
import { certificatesIn } from './config/certificates';
import { federationConfig } from './config/slices';
import type { Machinery } from './machinery';

/** The ground that everything between servers stands on. */
export interface ComposedFederation {
  readonly federation: Federation;
  /** Calls other homeservers; for the ports of features that need one. */
  readonly client: FederationClient;
  /** Ends the connections to other servers. */
  stop(): Promise<void>;
}

/** @throws ConfigError when a file of `federation.ca_certificates` cannot be read */
export function composeFederation({ config, storage, signingKey, names }: Machinery): ComposedFederation {
  const http = new HttpOut(names, {
    allowPrivateNetworks: config.federation.allow_private_networks,
    caCertificates: certificatesIn(config.federation.ca_certificates, 'federation.ca_certificates'),
  });
  const federation = new Federation(federationConfig(config), { storage, signingKey, http, names, now });
  const client = new FederationClient(federation, http);
  federation.bind(keySource(client));
  return { federation, client, stop: () => http.close() };
}
