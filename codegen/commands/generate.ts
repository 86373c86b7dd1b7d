import { join } from 'node:path';
import { emitAll } from '../emit/emit';
import { driftOf, writeTree } from '../emit/write';
import { Tree } from '../read/files';
import { readGaps } from '../read/gaps';
import { readModel } from '../read/model';

/** `npm run codegen [-- --check]`: writes rest/generated, or tells how it differs from what would be written. */
export function generateCommand(root: string, args: readonly string[]): number {
  const model = readModel(new Tree(join(root, 'api-specs')));
  const files = emitAll(model, readGaps(root));
  for (const line of model.stale) console.error(line);
  const target = join(root, 'rest/generated');
  if (!args.includes('--check')) {
    const { missing, changed, stray } = writeTree(target, files);
    console.log(
      `rest/generated: ${files.size} files, ${missing.length} added, ${changed.length} changed, ${stray.length} removed`,
    );
    return 0;
  }
  const drift = driftOf(target, files);
  for (const [kind, names] of Object.entries(drift) as [string, readonly string[]][]) {
    for (const name of names) console.error(`rest/generated/${name}: ${kind}`);
  }
  if (model.stale.length > 0) return 1;
  const count = drift.missing.length + drift.changed.length + drift.stray.length;
  console.log(
    count === 0
      ? `rest/generated is up to date (${files.size} files)`
      : `${count} files differ; run \`npm run codegen\``,
  );
  return count === 0 ? 0 : 1;
}
