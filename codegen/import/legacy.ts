import { stringify } from 'yaml';
import { CodegenError, type JsonMap } from '../model/json';
import type { Operation } from '../model/operation';

const HEADER = '# Old paths that still reach an operation, written by `npm run specs:import`. Do not edit.\n';

interface Row {
  readonly api: string;
  readonly method: string;
  readonly path: string;
  readonly today: string;
  readonly serve: string;
  readonly note: string;
}

/**
 * Turns the table of old routes into one file per API: `alias` rows are served, `optional` ones when their group is
 * switched on. Rows of operations that the specification still has are skipped: they are mounted anyway.
 */
export function importLegacy(csv: string, operations: readonly Operation[]): Map<string, string> {
  const byRoute = new Map<string, Operation[]>();
  for (const operation of operations) {
    const key = `${operation.method} ${operation.path}`;
    byRoute.set(key, [...(byRoute.get(key) ?? []), operation]);
  }
  const found = new Map<string, JsonMap[]>();
  for (const row of parseCsv(csv)) {
    if (row.serve !== 'alias' && row.serve !== 'optional') continue;
    for (const alias of aliasesOf(row, byRoute)) found.set(row.api, [...(found.get(row.api) ?? []), alias]);
  }
  return new Map(
    [...found].map(([api, aliases]) => [
      `legacy/${api}.yaml`,
      HEADER + stringify({ aliases }, { lineWidth: 0, aliasDuplicateObjects: false }),
    ]),
  );
}

function aliasesOf(row: Row, byRoute: ReadonlyMap<string, Operation[]>): JsonMap[] {
  const { path } = row;
  if (byRoute.has(`${row.method} ${path}`)) return [];
  const [today = ''] = row.today.split(' ');
  const targets =
    byRoute.get(`${row.method} ${today}`) ?? byRoute.get(`${row.method === 'POST' ? 'PUT' : row.method} ${today}`);
  if (!targets) throw new CodegenError(`legacy: ${row.method} ${row.path} leads to ${today}, which is no operation`);
  return targets.flatMap((operation) => {
    const fixed = fixedParameters(path, operation.path);
    const alias: JsonMap = { operation: operation.id, method: row.method, path };
    if (row.serve === 'optional') Object.assign(alias, { optional: true, group: groupOf(path) });
    if (Object.keys(fixed).length > 0) alias.fixed = fixed;
    // The only scope push rules ever had in a release is `global`; any other is an error.
    if (path.includes('/{scope}/')) alias.only = { scope: 'global' };
    if (row.note.includes('the pair [200, body]')) alias.pair = true;
    return Object.values(fixed).includes('') ? [alias, { ...alias, path: `${path}/` }] : [alias];
  });
}

/** Parameters of today's path that the old path spells out (`displayname`) or leaves out (an empty state key). */
function fixedParameters(old: string, today: string): JsonMap {
  const fixed: JsonMap = {};
  const oldParts = old.split('/');
  const present = new Set(oldParts.filter((part) => part.startsWith('{')));
  const offset = oldParts.length - today.split('/').length;
  today.split('/').forEach((part, at) => {
    if (!part.startsWith('{') || present.has(part)) return;
    const spelled = offset === 0 ? (oldParts[at] ?? '') : '';
    if (spelled.startsWith('{')) throw new CodegenError(`legacy: ${old} and ${today} call a parameter by two names`);
    fixed[part.slice(1, -1)] = spelled;
  });
  return fixed;
}

/** The configuration switch of an optional path. */
function groupOf(path: string): string {
  if (path.startsWith('/_matrix/identity/api/v1')) return 'identity_v1';
  if (path.startsWith('/_matrix/media/v1')) return 'media_v1';
  if (path.startsWith('/_matrix/federation/v1')) return 'federation_v1';
  return 'client_before_r0';
}

/** Rows of a CSV text with a header line; quoted fields may hold commas and doubled quotes. */
export function parseCsv(text: string): Row[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const cells = (line: string): string[] =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
    );
  const names = cells(lines[0] ?? '');
  return lines.slice(1).map((line) => {
    const values = cells(line);
    return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])) as unknown as Row;
  });
}
