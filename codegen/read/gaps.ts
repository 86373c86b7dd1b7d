import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ids in a text of gaps: one a line, `#` starts a comment. */
export function parseGaps(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/** Operations nothing serves yet, from `test/conformance/gaps.txt` of the repository. */
export function readGaps(root: string): string[] {
  const path = join(root, 'test/conformance/gaps.txt');
  return existsSync(path) ? parseGaps(readFileSync(path, 'utf8')) : [];
}
