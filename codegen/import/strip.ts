import { STATUS_CODES } from 'node:http';
import { isMap, type Json, type JsonMap } from '../model/json';

/** Keys that hold words for people, not facts; dropped wherever they are a keyword and not a name. */
const PROSE = new Set(['description', 'summary', 'example', 'examples', 'title', 'externalDocs', 'tags', 'x-weight']);
/** Keys whose children are names chosen by the specification: a property called `description` stays. */
const NAMED = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
  'paths',
  'content',
  'headers',
  'responses',
  'schemas',
  'parameters',
  'requestBodies',
  'securitySchemes',
  'variables',
  'links',
  'callbacks',
]);
/** Keys whose value is data and is kept as it is. */
const DATA = new Set(['enum', 'const', 'default', 'required', 'security', 'pattern', 'openapi']);

/** Rewrites a reference for the place its file gets in api-specs. */
export type Rewrite = (ref: string) => string;

/** The facts of a document or schema: types, names and versions stay, prose and examples go. */
export function stripProse(node: Json, rewrite: Rewrite): Json {
  if (Array.isArray(node)) return node.map((item) => stripProse(item, rewrite));
  if (!isMap(node)) return node;
  const kept: JsonMap = {};
  for (const [key, value] of Object.entries(node)) {
    if (value === undefined || PROSE.has(key)) continue;
    if (key === '$ref' && typeof value === 'string') kept.$ref = rewrite(value);
    else if (key === 'x-changedInMatrixVersion' && isMap(value)) kept[key] = Object.keys(value);
    else if (DATA.has(key)) kept[key] = value;
    else if (NAMED.has(key) && isMap(value)) kept[key] = stripNamed(key, value, rewrite);
    else kept[key] = stripProse(value, rewrite);
  }
  return kept;
}

function stripNamed(key: string, named: JsonMap, rewrite: Rewrite): JsonMap {
  const kept: JsonMap = {};
  for (const [name, value] of Object.entries(named)) {
    if (value === undefined) continue;
    const stripped = stripProse(value, rewrite);
    // OpenAPI wants a description of every response; the status phrase is one without the upstream's words.
    if (key === 'responses' && isMap(stripped) && stripped.$ref === undefined) {
      kept[name] = { description: STATUS_CODES[name] ?? name, ...stripped };
    } else kept[key === 'paths' ? name.trim() : name] = stripped;
  }
  return kept;
}
