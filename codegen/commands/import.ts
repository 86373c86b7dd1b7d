import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeTree } from '../emit/write';
import { findCheckout, type Checkout } from '../import/checkout';
import { importSpecs, type Imported } from '../import/import';
import { importLegacy } from '../import/legacy';
import { CodegenError } from '../model/json';
import { API_NAMES } from '../model/operation';
import { Tree } from '../read/files';
import { readModel } from '../read/model';
import { readOverlay } from '../read/overlay';

/** Folders of api-specs that the importer owns. */
export const IMPORTED = [...API_NAMES, 'event-schemas', 'schemas'];

/** `npm run specs:import -- <checkout> [--commit <hash>] [--release <name>]`: writes api-specs. */
export function importCommand(root: string, args: readonly string[]): number {
  const given = args.find((arg, at) => !arg.startsWith('--') && !args[at - 1]?.startsWith('--'));
  if (given === undefined)
    throw new CodegenError('usage: npm run specs:import -- <checkout> [--commit <hash>] [--release <name>]');
  const checkout = findCheckout(given);
  const specs = join(root, 'api-specs');
  const imported = importSpecs(new Tree(checkout.data), readOverlay(new Tree(specs)));
  const drift = writeTree(specs, imported.files, IMPORTED);
  writeTree(specs, new Map([['PINNED', pinned(checkout, imported, args)]]), []);
  const table = join(checkout.root, 'legacy-operations.csv');
  if (existsSync(table)) {
    const { operations } = readModel(new Tree(specs), { legacy: false });
    writeTree(specs, importLegacy(readFileSync(table, 'utf8'), operations), ['legacy']);
  }
  for (const remark of imported.remarks) console.log(remark);
  for (const line of readModel(new Tree(specs)).stale.filter((line) => line.includes('/legacy/'))) console.log(line);
  console.log(
    `api-specs: ${imported.files.size} files, ${drift.missing.length} added, ${drift.changed.length} changed, ${drift.stray.length} removed`,
  );
  return 0;
}

function pinned(checkout: Checkout, imported: Imported, args: readonly string[]): string {
  const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  return stringify({
    source: 'matrix-org/matrix-spec',
    version: option('--release') ?? 'unknown',
    commit: option('--commit') ?? gitCommit(checkout.root) ?? 'unknown',
    checksum: imported.checksum,
  });
}

/** The commit of the checkout when it is a git working tree by itself. */
function gitCommit(folder: string): string | undefined {
  if (!existsSync(join(folder, '.git'))) return undefined;
  return execFileSync('git', ['-C', folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
}
