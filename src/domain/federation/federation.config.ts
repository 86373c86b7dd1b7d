/** What this feature is told of the configuration. */
export interface FederationConfig {
  readonly serverName: string;
  /** The only servers to talk to, names or globs; null for all. */
  readonly allowedDomains: readonly string[] | null;
  /** Servers never to talk to, names or globs, stronger than the allow list. */
  readonly deniedDomains: readonly string[];
  /** Notaries asked for keys that their servers do not give. */
  readonly trustedKeyServers: readonly string[];
  /** Public keys in Base64 that are known to strangers; nothing signed by them counts. */
  readonly revokedKeys: readonly string[];
}
