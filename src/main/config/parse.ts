import { join } from 'node:path';
import type { z } from 'zod';
import { ConfigError } from './config-error';
import { configSchema, type ConfigInput, type ParsedConfig } from './schema';

/** The checked configuration, with every derived default filled in. */
export interface Config extends ParsedConfig {
  readonly database: ParsedConfig['database'] & { readonly url: string };
  readonly signing_key: string;
  readonly public_base_url: string;
}

/**
 * Checks a configuration and fills in all defaults.
 * @throws ConfigError naming every key that is unknown or has a bad value
 */
export function parseConfig(input: unknown): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw new ConfigError(result.error.issues.flatMap(describeIssue));
  const config = result.data;
  return {
    ...config,
    database: { ...config.database, url: config.database.url ?? `sqlite:${join(config.data_dir, 'trellis.db')}` },
    signing_key: config.signing_key ?? join(config.data_dir, 'signing.key'),
    public_base_url: config.public_base_url ?? defaultBaseUrl(config),
  };
}

/** The same for configurations written in code. */
export const makeConfig = (input: ConfigInput): Config => parseConfig(input);

function defaultBaseUrl({ listeners }: ParsedConfig): string {
  const listener = listeners.find(({ resources }) => resources.includes('client')) ?? listeners[0]!;
  return `${listener.tls === null ? 'http' : 'https'}://localhost:${listener.port}`;
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const at = printPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${at === '' ? '' : `${at}.`}${key}: unknown key`);
  }
  return [`${at === '' ? 'configuration' : at}: ${issue.message.replace(/^Invalid input: /, '')}`];
}

function printPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text === '' ? '' : '.'}${String(key)}`),
    '',
  );
}
