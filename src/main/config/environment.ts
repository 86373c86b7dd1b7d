import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './config-error';
import { configSchema } from './schema';

const PREFIX = 'TRELLIS_';
/** Read by the tests' own tools, never by the server. */
const TEST_PREFIX = 'TRELLIS_TEST_';
/** Names people expect from other programs. */
const ALIASES: Readonly<Record<string, string>> = { DATABASE_URL: 'DATABASE__URL', REDIS_URL: 'REDIS__URL' };

type Tree = { [key: string]: unknown };

/**
 * The part of the configuration that environment variables give: `TRELLIS_SERVER_NAME`, nested keys joined with `__`.
 * Lists and maps are written as YAML, which JSON is part of. An empty variable counts as absent.
 *
 * @throws ConfigError naming each variable that is no key
 */
export function configFromEnvironment(env: Readonly<Record<string, string | undefined>>): Tree {
  const tree: Tree = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || name.startsWith(TEST_PREFIX) || value === undefined || value === '') continue;
    const short = name.slice(PREFIX.length);
    const path = (ALIASES[short] ?? short).toLowerCase().split('__');
    const leaf = schemaAt(path);
    if (leaf === undefined) problems.push(`${name}: no such key (environment)`);
    else place(tree, path, read(leaf, value));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return tree;
}

/** The variable that sets the key at `path`. */
export function variableName(path: readonly string[]): string {
  return PREFIX + path.join('__').toUpperCase();
}

/** Text stays text where the key takes text; anything else is read as YAML. */
function read(leaf: z.core.$ZodType, value: string): unknown {
  if (z.safeParse(leaf, value).success) return value;
  try {
    return parse(value) as unknown;
  } catch {
    // Not YAML either: the schema says what it expected.
    return value;
  }
}

function schemaAt(path: readonly string[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = configSchema;
  for (const key of path) {
    const inside: z.core.$ZodType = unwrap(at);
    if (!(inside instanceof z.ZodObject) || !Object.hasOwn(inside.shape, key)) return undefined;
    at = inside.shape[key] as z.core.$ZodType;
  }
  return at;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let at = schema;
  while (at instanceof z.ZodDefault || at instanceof z.ZodPrefault || at instanceof z.ZodNullable)
    at = at.def.innerType;
  return at;
}

function place(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const key of path.slice(0, -1)) at = (at[key] ??= {}) as Tree;
  at[path[path.length - 1]!] = value;
}
