export interface AccountsConfig {
  readonly serverName: string;
  readonly passwords: PasswordConfig;
}

/** Cost of Argon2id and the shortest password taken. The defaults are OWASP's first choice for servers of many logins. */
export interface PasswordConfig {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
  /** Characters. Clients judge strength themselves; the server refuses the empty password always. */
  readonly minLength: number;
}

export const DEFAULT_PASSWORDS: PasswordConfig = { memoryKib: 19_456, iterations: 2, parallelism: 1, minLength: 1 };
