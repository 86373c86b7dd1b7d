import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

/**
 * Splits a dot-separated property path: `\.` is a dot and `\\` a backslash inside a name, any other escape stands for
 * itself. Spec: appendices, "Dot-separated property paths".
 */
export function parsePropertyPath(path: string): string[] {
  const names: string[] = [];
  let name = '';
  for (let i = 0; i < path.length; i++) {
    const character = path[i] as string;
    const next = path[i + 1];
    if (character === '\\' && (next === '.' || next === '\\')) {
      name += next;
      i++;
    } else if (character === '.') {
      names.push(name);
      name = '';
    } else {
      name += character;
    }
  }
  return [...names, name];
}

/** The value at a path of own members; undefined where it leads nowhere. */
export function propertyAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
