import type { Model } from '../model/operation';
import { emitBundleIndex, emitBundles } from './bundles';
import { CALLED, emitClient } from './clients';
import { emitDefinitions } from './definitions';
import { emitDocuments } from './documents';
import { emitGaps, emitIndex } from './index-files';
import { emitRoutes, stemsOf } from './routes';
import { jsonText } from './text';

/** Everything under rest/generated: file texts by their path there. */
export function emitAll(model: Model, gaps: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  const stems = stemsOf(model);
  for (const stem of stems) files.set(`${stem.api}/${stem.stem}.routes.ts`, emitRoutes(stem, model));
  for (const [file, text] of emitDefinitions(model)) files.set(file, text);
  for (const api of CALLED) files.set(`clients/${api}.ts`, emitClient(api, model));
  files.set('index.ts', emitIndex(stems));
  files.set('gaps.ts', emitGaps(model, gaps));
  for (const [id, document] of emitDocuments(model)) files.set(`documents/${id}.json`, jsonText(document));
  for (const [api, document] of emitBundles(model)) files.set(`bundles/${api}.json`, jsonText(document));
  files.set('bundles/index.json', jsonText(emitBundleIndex(model)));
  return files;
}
