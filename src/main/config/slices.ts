import type { RegistrationConfig } from '#domain/account-lifecycle';
import type { AccountsConfig } from '#domain/accounts';
import type { DirectoryConfig } from '#domain/directory';
import type { FederationConfig } from '#domain/federation';
import type { RoomsConfig } from '#domain/rooms';
import type { SessionsConfig } from '#domain/sessions';
import type { Config } from './parse';

/** What each feature is told of the configuration, in its own words. */
export const accountsConfig = ({ server_name: serverName, passwords }: Config): AccountsConfig => ({
  serverName,
  passwords: {
    memoryKib: passwords.memory_kib,
    iterations: passwords.iterations,
    parallelism: passwords.parallelism,
    minLength: passwords.min_length,
  },
});

export const sessionsConfig = ({ sessions, rate_limits: limits }: Config): SessionsConfig => ({
  refreshableTokenLifetimeMs: sessions.refreshable_token_seconds * 1_000,
  refreshTokenLifetimeMs: sessions.refresh_token_seconds === null ? null : sessions.refresh_token_seconds * 1_000,
  uiaLifetimeMs: sessions.authentication_seconds * 1_000,
  failedPasswords: limits.enabled
    ? { attempts: limits.failed_login.requests, periodMs: limits.failed_login.seconds * 1_000 }
    : null,
});

export const registrationConfig = ({ registration }: Config): RegistrationConfig => ({
  enabled: registration.enabled,
  allowGuests: registration.allow_guests,
  requireToken: registration.require_token,
  requireEmail: registration.require_email,
  requireTerms: registration.require_terms,
  terms: registration.terms,
  sharedSecret: registration.shared_secret,
});

export const directoryConfig = ({ server_name: serverName, rooms }: Config): DirectoryConfig => ({
  serverName,
  publishPolicy: rooms.publish_policy,
});

export const roomsConfig = ({ server_name: serverName, rooms }: Config): RoomsConfig => ({
  serverName,
  defaultVersion: rooms.default_version,
});

export const federationConfig = ({ server_name: serverName, federation }: Config): FederationConfig => ({
  serverName,
  // Switched off means talking to nobody, in either direction.
  allowedDomains: federation.enabled ? federation.domain_allow_list : [],
  deniedDomains: federation.domain_deny_list,
  trustedKeyServers: federation.trusted_key_servers,
  revokedKeys: federation.revoked_keys,
});

/**
 * Where other homeservers find this one, as in `matrix.example.org:443`: for its well-known file. Undefined when nothing
 * says it, since `public_base_url` is no https URL, or the default that names this machine; and when they are to stay away.
 */
export function federationHost({ federation, public_base_url: url, server_name: serverName }: Config) {
  if (!federation.enabled) return undefined;
  if (federation.delegated_server_name !== null) return federation.delegated_server_name;
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:' || (hostname === 'localhost' && !serverName.startsWith('localhost'))) return undefined;
  return `${hostname}:${port === '' ? 443 : port}`;
}
