import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { configFromEnvironment } from './environment';
import { ConfigError } from './config-error';
import { parseConfig, type Config } from './parse';

export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The configuration of this process: defaults, over them the file, over it the environment.
 * @throws ConfigError naming every key that is unknown or has a bad value
 */
export function loadConfig({ file, env = process.env }: ConfigSources): Config {
  const written = file === undefined ? {} : readConfigFile(file);
  return parseConfig(merge(written, configFromEnvironment(env)));
}

function readConfigFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: ${(error as Error).message}`]);
  }
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new ConfigError(document.errors.map((error) => `${file}: ${error.message}`));
  const content: unknown = document.toJS() ?? {};
  if (!isTree(content)) throw new ConfigError([`${file}: expected keys and values`]);
  return content;
}

function merge(base: unknown, over: unknown): unknown {
  if (!isTree(base) || !isTree(over)) return over === undefined ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(base[key], value);
  return merged;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
