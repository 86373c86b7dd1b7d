import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTree } from '../emit/write';
import { findCheckout } from '../import/checkout';
import { diffModels, diffReport, type SpecDiff } from '../import/diff';
import { importSpecs } from '../import/import';
import { CodegenError } from '../model/json';
import { Tree } from '../read/files';
import { readModel } from '../read/model';
import { readOverlay } from '../read/overlay';

/** `npm run specs:diff -- <checkout>`: tells what importing the checkout would change, and writes nothing. */
export function diffCommand(root: string, args: readonly string[]): number {
  const given = args.find((arg) => !arg.startsWith('--'));
  if (given === undefined) throw new CodegenError('usage: npm run specs:diff -- <checkout>');
  for (const line of diffReport(diffCheckout(join(root, 'api-specs'), given))) console.log(line);
  return 0;
}

/** Imports the checkout into a folder of its own and compares the outcome with `specs`, the api-specs in use. */
export function diffCheckout(specs: string, checkout: string): SpecDiff {
  const current = new Tree(specs);
  const overlay = readOverlay(current);
  const imported = importSpecs(new Tree(findCheckout(checkout).data), overlay);
  const folder = mkdtempSync(join(tmpdir(), 'specs-'));
  try {
    writeTree(folder, imported.files);
    const after = readModel(new Tree(folder), { legacy: false, overlay });
    return diffModels(readModel(current, { legacy: false }), after);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
