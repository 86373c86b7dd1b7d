import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '#kernel/json';
import { isJsonObject } from '#kernel/json';
import type { OperationContract } from './contract';

/** Gives the OpenAPI 3.1 document that holds one operation alone; a fresh copy, which the caller may change. */
export type DocumentSource = (contract: OperationContract) => JsonObject;

/** Reads `<folder>/<api>/<operationId>.json`, as the generator writes them. */
export function documentsIn(folder: string): DocumentSource {
  return ({ api, operationId }) =>
    JSON.parse(readFileSync(join(folder, api, `${operationId}.json`), 'utf8')) as JsonObject;
}

/** The document's only operation object. Throws when the document is not of that form. */
export function operationOf(document: JsonObject): JsonObject {
  const item = only(document['paths']);
  const operation = isJsonObject(item) ? only(item) : undefined;
  if (!isJsonObject(operation)) throw new Error('The document does not hold exactly one operation');
  return operation;
}

function only(value: unknown): unknown {
  const values = isJsonObject(value) ? Object.values(value) : [];
  return values.length === 1 ? values[0] : undefined;
}
