import type { Federation } from '#domain/federation';
import type { HttpOut } from '#platform/http-out/http-out';
import { ServerServerClient } from '../generated/clients/server-server';
import { FederationTransport, type CallOptions } from './federation-transport';

export type { CallOptions } from './federation-transport';

/**
 * Calls other homeservers: finds them, signs, leaves alone those that do not answer. What it throws is an
 * `UnreachableServerError`, `RemoteServerError` or `DeniedServerError` of the federation feature.
 */
export class FederationClient {
  constructor(
    private readonly federation: Federation,
    private readonly http: HttpOut,
  ) {}

  /** The typed operations of one server. Cheap; nothing is looked up before the first call. */
  to(destination: string, options: CallOptions = {}): ServerServerClient {
    return new ServerServerClient(this.transport(destination, options));
  }

  /** What carries requests to one server, for operations that are in no document any more. */
  transport(destination: string, options: CallOptions = {}): FederationTransport {
    return new FederationTransport(this.federation, this.http, destination, options);
  }
}
