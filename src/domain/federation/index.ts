/**
 * Federation, the transport side: finding servers, signing and checking requests, keys, back-off. Owns the tables
 * `server_keys`, `server_key_documents` and `destinations`. Spec: server-server, "Server discovery", "Authentication".
 */
export { Federation, type FederationParts } from './federation.service';
export type { FederationConfig } from './federation.config';
export type { KeySource, WantedKeys } from './federation.ports';
export { Discovery, type Endpoint, type ServerRoute } from './discovery.service';
export type { SignedRequest } from './request-signatures.service';
export type { PublishedKeys } from './own-keys.service';
export type { EventSignatures } from './event-signatures.service';
export type { ServerKeys } from './server-keys.service';
export {
  DeniedServerError,
  RemoteServerError,
  UnauthorizedServerError,
  UnreachableServerError,
} from './federation.errors';
