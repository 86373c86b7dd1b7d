import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeTree, type Drift } from '../emit/write';
import { findCheckout } from '../import/checkout';
import { importSpecs } from '../import/import';
import { importLegacy } from '../import/legacy';
import { CodegenError } from '../model/json';
import { Tree } from '../read/files';
import { readModel } from '../read/model';
import { readOverlay } from '../read/overlay';
import { checksumOf, IMPORTED, pinnedText } from '../read/pinned';

/** `npm run specs:import -- <checkout> [--commit <hash>] [--release <name>]`: writes api-specs. */
export function importCommand(root: string, args: readonly string[]): number {
  const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const given = args.find((arg, at) => !arg.startsWith('--') && !args[at - 1]?.startsWith('--'));
  if (given === undefined) {
    throw new CodegenError('usage: npm run specs:import -- <checkout> [--commit <hash>] [--release <name>]');
  }
  const specs = join(root, 'api-specs');
  const { remarks, drift } = importCheckout(specs, given, { release: option('--release'), commit: option('--commit') });
  for (const remark of remarks) console.log(remark);
  const { missing, changed, stray } = drift;
  console.log(`api-specs: ${missing.length} files added, ${changed.length} changed, ${stray.length} removed`);
  return 0;
}

export interface ImportOutcome {
  /** What a person should look at. */
  readonly remarks: readonly string[];
  readonly drift: Drift;
}

/**
 * Makes `specs` hold the facts of a checkout. Overlay and extensions are kept; old paths are written anew when the
 * checkout has the table of them.
 */
export function importCheckout(
  specs: string,
  given: string,
  { release, commit }: { readonly release?: string | undefined; readonly commit?: string | undefined } = {},
): ImportOutcome {
  const { data, root } = findCheckout(given);
  const { files, checksum, remarks } = importSpecs(new Tree(data), readOverlay(new Tree(specs)));
  const drift = writeTree(specs, files, IMPORTED);
  const pinned = pinnedText({
    version: release ?? 'unknown',
    commit: commit ?? gitCommit(root) ?? 'unknown',
    checksum,
    written: checksumOf(files),
  });
  writeTree(specs, new Map([['PINNED', pinned]]), []);
  const table = join(root, 'legacy-operations.csv');
  if (existsSync(table)) {
    const { operations } = readModel(new Tree(specs), { legacy: false });
    writeTree(specs, importLegacy(readFileSync(table, 'utf8'), operations), ['legacy']);
  }
  const { stale } = readModel(new Tree(specs));
  return { remarks: [...remarks, ...stale], drift };
}

/** The commit of the checkout when it is a git working tree by itself. */
function gitCommit(folder: string): string | undefined {
  if (!existsSync(join(folder, '.git'))) return undefined;
  return execFileSync('git', ['-C', folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
}
