/** Parsed YAML or JSON, as the generator handles it. */
export type Json = string | number | boolean | null | Json[] | JsonMap;
export interface JsonMap {
  [key: string]: Json | undefined;
}

/** A fault of the input that a person can mend; its message is shown without a stack. */
export class CodegenError extends Error {
  override readonly name = 'CodegenError';
}

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map under `key`, or an empty one. */
export function mapAt(value: Json | undefined, key: string): JsonMap {
  const found = isMap(value) ? value[key] : undefined;
  return isMap(found) ? found : {};
}

/** The list under `key`, or an empty one. */
export function listAt(value: Json | undefined, key: string): Json[] {
  const found = isMap(value) ? value[key] : undefined;
  return Array.isArray(found) ? found : [];
}

export function textAt(value: Json | undefined, key: string): string | undefined {
  const found = isMap(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}
