import { lookup, Resolver } from 'node:dns/promises';

export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** An SRV record. Spec: RFC 2782. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Where names are looked up; tests bring names of their own. */
export interface Names {
  /** All addresses of a host, the preferred first. Rejects when there are none. */
  addresses(host: string): Promise<readonly HostAddress[]>;
  /** The SRV records of a service, as of `_matrix-fed._tcp.example.org`; none when it has none. Rejects on faults. */
  services(name: string): Promise<readonly ServiceRecord[]>;
}

const ABSENT: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);
const PATIENCE = { timeout: 3_000, tries: 2 };

/** The machine's own: addresses as every program finds them (hosts file included), services by DNS. */
export const systemNames: Names = {
  addresses: (host) => lookup(host, { all: true }),
  services: async (name) => {
    try {
      // A new one each time: it reads which servers to ask, which another network may have changed since.
      return await new Resolver(PATIENCE).resolveSrv(name);
    } catch (error) {
      if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  },
};
