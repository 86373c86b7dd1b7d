import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

/**
 * Reads members of objects that strangers wrote. A plain `object[key]` also finds what every object inherits, so that an
 * event type `constructor` would have a power level; these see own members only.
 */
export function ownValue(object: JsonObject | undefined, key: string): JsonValue | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** An own member that is a text, else undefined. */
export function ownString(object: JsonObject | undefined, key: string): string | undefined {
  const value = ownValue(object, key);
  return typeof value === 'string' ? value : undefined;
}

/** An own member that is an object, else undefined. */
export function ownObject(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = ownValue(object, key);
  return isJsonObject(value) ? value : undefined;
}
