import { readServerName } from '#kernel/server-names';
import { compileGlob, type Matcher } from '#protocol/glob';
import type { FederationConfig } from './federation.config';
import { DeniedServerError } from './federation.errors';

/**
 * Which servers this one talks with, in either direction, by configuration. Names are compared without case. An entry is the
 * name of a server or a glob such as `*.example.org`; without a port it means the host's servers at every port.
 */
export class DomainRules {
  private readonly allowed: NameList | undefined;
  private readonly denied: NameList;

  constructor({ allowedDomains, deniedDomains }: Pick<FederationConfig, 'allowedDomains' | 'deniedDomains'>) {
    this.allowed = allowedDomains === null ? undefined : new NameList(allowedDomains);
    this.denied = new NameList(deniedDomains);
  }

  /** Whether to talk with a server at all. False for what is no server name. */
  allows(serverName: string): boolean {
    const host = readServerName(serverName)?.host;
    if (host === undefined || this.denied.has(serverName, host)) return false;
    return this.allowed === undefined || this.allowed.has(serverName, host);
  }

  /** @throws DeniedServerError */
  check(serverName: string): void {
    if (!this.allows(serverName)) throw new DeniedServerError(serverName);
  }
}

/** The list may be long, its globs are few. */
class NameList {
  private readonly names: ReadonlySet<string>;
  private readonly globs: readonly Matcher[];

  constructor(entries: readonly string[]) {
    this.names = new Set(entries.map((entry) => entry.toLowerCase()));
    this.globs = entries.filter((entry) => /[*?]/.test(entry)).map(compileGlob);
  }

  has(serverName: string, host: string): boolean {
    const names = [serverName, host];
    return names.some((name) => this.names.has(name.toLowerCase()) || this.globs.some((matches) => matches(name)));
  }
}
