import { isMap, type Json, type JsonMap } from '../model/json';

const PREFIX = '#/components/schemas/';

/** Names of the definitions that `node` refers to, directly. */
export function referencesOf(node: Json | undefined, into: Set<string> = new Set()): Set<string> {
  if (Array.isArray(node)) for (const item of node) referencesOf(item, into);
  else if (isMap(node)) {
    if (typeof node.$ref === 'string' && node.$ref.startsWith(PREFIX)) into.add(node.$ref.slice(PREFIX.length));
    for (const value of Object.values(node)) referencesOf(value, into);
  }
  return into;
}

/** All definitions that the given schemas need, through any number of steps, sorted by name. */
export function reachable(start: Iterable<Json>, definitions: ReadonlyMap<string, JsonMap>): Map<string, JsonMap> {
  const found = new Map<string, JsonMap>();
  const queue = [...start].flatMap((node) => [...referencesOf(node)]);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const schema = definitions.get(name);
    if (found.has(name) || schema === undefined) continue;
    found.set(name, schema);
    queue.push(...referencesOf(schema));
  }
  return new Map([...found].sort(([one], [two]) => (one < two ? -1 : 1)));
}
