import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of this package's package.json, from which files that are no code (documents, schemas, pages) are read: they
 * are the same for `dist/` and for running from source.
 */
export const packageRoot = findUpwards(__dirname);

/** As package.json has it, as in `0.1.0`. */
export const packageVersion = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { readonly version: string }
).version;

function findUpwards(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json was not found above the program');
  return findUpwards(parent);
}
