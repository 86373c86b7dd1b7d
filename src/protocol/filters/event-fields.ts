import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { parsePropertyPath } from '../property-path';

/** Reduces an event to the fields that a client asked for. */
export type Projection = (event: JsonObject) => JsonObject;

/** The wanted names at one level; null wants a member whole. */
type Tree = Map<string, Tree | null>;

/**
 * Compiles `event_fields`; undefined keeps events as they are. The event id, type and sender are always kept: a client
 * could not tell what it has got, and the specification lets a server send more than was asked for.
 */
export function compileEventFields(fields: readonly string[] | undefined): Projection {
  if (fields === undefined) return (event) => event;
  const tree: Tree = new Map();
  for (const field of ['event_id', 'type', 'sender', ...fields]) addPath(tree, parsePropertyPath(field));
  return (event) => project(event, tree);
}

function addPath(tree: Tree, [name, ...rest]: readonly string[]): void {
  if (name === undefined || tree.get(name) === null) return;
  if (rest.length === 0) {
    tree.set(name, null);
    return;
  }
  let below = tree.get(name);
  if (!below) tree.set(name, (below = new Map()));
  addPath(below, rest);
}

function project(object: JsonObject, tree: Tree): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [name, below] of tree) {
    if (!Object.hasOwn(object, name)) continue;
    const value = object[name] as JsonValue;
    if (below === null) entries.push([name, value]);
    else if (isJsonObject(value)) entries.push([name, project(value, below)]);
  }
  return Object.fromEntries(entries);
}
