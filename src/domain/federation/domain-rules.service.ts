import { readServerName } from '#kernel/server-names';
import type { FederationConfig } from './federation.config';
import { DeniedServerError } from './federation.errors';

/** Which servers this one talks with, by configuration. Names are compared without case; ports count. */
export class DomainRules {
  private readonly allowed: ReadonlySet<string> | undefined;
  private readonly denied: ReadonlySet<string>;

  constructor({ allowedDomains, deniedDomains }: Pick<FederationConfig, 'allowedDomains' | 'deniedDomains'>) {
    const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
    this.allowed = allowedDomains === null ? undefined : lower(allowedDomains);
    this.denied = lower(deniedDomains);
  }

  /** Whether to talk with a server at all. False for what is no server name. */
  allows(serverName: string): boolean {
    const name = serverName.toLowerCase();
    if (readServerName(name) === undefined || this.denied.has(name)) return false;
    return this.allowed === undefined || this.allowed.has(name);
  }

  /** @throws DeniedServerError */
  check(serverName: string): void {
    if (!this.allows(serverName)) throw new DeniedServerError(serverName);
  }
}
