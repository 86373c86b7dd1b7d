import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** What of a folder differs from what it should hold. */
export interface Drift {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly stray: readonly string[];
}

/** Compares the files under `root` (only in `folders` of it, when given) with the texts they should have. */
export function driftOf(root: string, files: ReadonlyMap<string, string>, folders: readonly string[] = ['']): Drift {
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [file, text] of files) {
    const path = join(root, file);
    if (!existsSync(path)) missing.push(file);
    else if (readFileSync(path, 'utf8') !== text) changed.push(file);
  }
  const stray = folders
    .flatMap((folder) => filesUnder(join(root, folder)))
    .map((path) => relative(root, path).split(sep).join('/'));
  return { missing, changed, stray: stray.filter((file) => !files.has(file)).sort() };
}

/** Makes the folder hold exactly these files; those that are right already are not touched. */
export function writeTree(root: string, files: ReadonlyMap<string, string>, folders: readonly string[] = ['']): Drift {
  const drift = driftOf(root, files, folders);
  for (const file of [...drift.missing, ...drift.changed]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), files.get(file) ?? '');
  }
  for (const file of drift.stray) rmSync(join(root, file));
  return drift;
}

/** The texts of all files under `folders` of `root`, by their path. */
export function readTexts(root: string, folders: readonly string[]): Map<string, string> {
  const paths = folders.flatMap((folder) => filesUnder(join(root, folder)));
  return new Map(paths.map((path) => [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')]));
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
