import { join } from 'node:path';
import { emitAll } from '../emit/emit';
import { driftOf, readTexts, writeTree } from '../emit/write';
import { Tree } from '../read/files';
import { readGaps } from '../read/gaps';
import { readModel } from '../read/model';
import { checksumOf, IMPORTED, readPinned } from '../read/pinned';

/** `npm run codegen [-- --check]`: writes rest/generated, or tells how it differs from what would be written. */
export function generateCommand(root: string, args: readonly string[]): number {
  const specs = new Tree(join(root, 'api-specs'));
  const model = readModel(specs);
  const files = emitAll(model, readGaps(root));
  const target = join(root, 'rest/generated');
  if (args.includes('--check')) return check(specs, model.stale, target, files);
  for (const line of model.stale) console.error(line);
  const { missing, changed, stray } = writeTree(target, files);
  console.log(
    `rest/generated: ${files.size} files, ${missing.length} added, ${changed.length} changed, ${stray.length} removed`,
  );
  return 0;
}

/** Tells of everything that is not as import and codegen leave it; 1 when there is anything. */
function check(specs: Tree, stale: readonly string[], target: string, files: ReadonlyMap<string, string>): number {
  const problems = [...stale];
  if (checksumOf(readTexts(specs.root, IMPORTED)) !== readPinned(specs).written) {
    problems.push('api-specs: the imported files are not what PINNED says; run `npm run specs:import` again');
  }
  for (const [kind, names] of Object.entries(driftOf(target, files)) as [string, readonly string[]][]) {
    for (const name of names) problems.push(`rest/generated/${name}: ${kind}; run \`npm run codegen\``);
  }
  for (const line of problems) console.error(line);
  if (problems.length === 0) console.log(`rest/generated is up to date (${files.size} files)`);
  return problems.length === 0 ? 0 : 1;
}
