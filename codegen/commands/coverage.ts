import { join } from 'node:path';
import { API_NAMES, type Operation } from '../model/operation';
import { Tree } from '../read/files';
import { readGaps } from '../read/gaps';
import { readModel } from '../read/model';

/** `npm run specs:coverage [-- --list]`: operations served and in all, per API; `--list` names those that are not. */
export function coverageCommand(root: string, args: readonly string[]): number {
  const { operations, version } = readModel(new Tree(join(root, 'api-specs')));
  for (const line of coverageLines(operations, readGaps(root), version, args.includes('--list'))) console.log(line);
  return 0;
}

/** What is not a gap is served: the compiler holds the delegates to that. */
export function coverageLines(
  operations: readonly Operation[],
  gaps: readonly string[],
  version: string,
  list: boolean,
): string[] {
  const missing = new Set(gaps);
  const row = (name: string, some: readonly Operation[]): string => {
    const served = some.filter(({ id }) => !missing.has(id)).length;
    const share = some.length === 0 ? 100 : Math.floor((100 * served) / some.length);
    return `${name.padEnd(22)}${`${served}/${some.length}`.padStart(9)}${`${share}%`.padStart(6)}`;
  };
  const specified = operations.filter(({ extension }) => !extension);
  const lines = [
    `Matrix ${version}: operations served`,
    ...API_NAMES.map((api) =>
      row(
        api,
        specified.filter((operation) => operation.api === api),
      ),
    ),
    row('all', specified),
    row(
      'beyond the spec',
      operations.filter(({ extension }) => extension),
    ),
  ];
  if (!list) return lines;
  const open = operations.filter(({ id }) => missing.has(id));
  return [...lines, '', ...open.map(({ id, method, path }) => `${id.padEnd(60)} ${method.padEnd(6)} ${path}`)];
}
