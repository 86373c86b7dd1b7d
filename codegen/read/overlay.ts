import { API_NAMES, type ApiName } from '../model/operation';
import { CodegenError, isMap, type Json, type JsonMap } from '../model/json';
import type { Tree } from './files';

/** What we add to an operation: facts the data lacks, and our own summary. */
export interface OverlayEntry {
  readonly summary?: string;
  readonly guests?: boolean;
  /** Corrects whether a request body may be absent; the written YAML keeps what the data says. */
  readonly body?: 'required' | 'optional';
  /** Replaces the document's security, where that names a scheme it does not declare. */
  readonly security?: Json[];
  readonly when?: { readonly in: 'body' | 'query'; readonly name: string };
}
export type Overlay = ReadonlyMap<string, OverlayEntry>;

/** Reads `overlay/<api>.yaml` of every API; keys are operation ids with their API. */
export function readOverlay(specs: Tree): Overlay {
  const entries = new Map<string, OverlayEntry>();
  for (const file of specs.documents('overlay')) {
    const api = file.slice('overlay/'.length, -'.yaml'.length);
    if (!API_NAMES.includes(api as ApiName)) throw new CodegenError(`api-specs/${file} is named after no API`);
    const operations = (specs.load(file) as JsonMap | null)?.operations;
    if (!isMap(operations)) throw new CodegenError(`api-specs/${file}: operations is missing`);
    for (const [operationId, entry] of Object.entries(operations)) {
      if (!isMap(entry)) throw new CodegenError(`api-specs/${file}: ${operationId} is not an object`);
      entries.set(`${api}/${operationId}`, entry);
    }
  }
  return entries;
}
