import { BadJsonError } from '#kernel/errors';
import type { JsonObject, JsonValue } from '#kernel/json';
import { numbersAsWritten } from './written-numbers';

/** Objects and arrays may nest this deep; the parsers of several other servers refuse more. */
export const MAX_JSON_DEPTH = 128;

export interface CanonicalJsonOptions {
  /**
   * Room versions 1 to 5 let numbers pass that canonical JSON forbids (floats, integers beyond 53 bits). False writes
   * them as the servers do that made those rooms, or as they came; true, the default, refuses them.
   */
  readonly strict?: boolean;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const FROM_SURROGATES_UP = /[\ud800-\uffff]/;

/** Thrown inside the fast path without a place; the place is looked for only when there is something to tell. */
class NotCanonical extends Error {}

/**
 * Writes a value as canonical JSON: no white space, keys in order of their code points. Throws {@link BadJsonError} that
 * names the place of a float, an integer beyond 53 bits, a lone surrogate, a value that is no JSON, or too deep nesting.
 * Spec: appendices, "Canonical JSON".
 */
export function canonicalJson(value: JsonValue, options: CanonicalJsonOptions = {}): string {
  const strict = options.strict !== false;
  try {
    return write(value, strict, 0);
  } catch (error) {
    if (error instanceof NotCanonical) throw new BadJsonError(describeProblem(value, strict, '', 0));
    throw error;
  }
}

/** Checks a value as {@link canonicalJson} does, and writes nothing. */
export function assertCanonicalJson(value: JsonValue, options: CanonicalJsonOptions = {}): void {
  canonicalJson(value, options);
}

/** A text in quotes, escaped as canonical JSON has it. Throws for a lone surrogate, without a place. */
export function canonicalString(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) throw new NotCanonical();
  return JSON.stringify(text);
}

/** Sorts keys by code point, in place, and returns them. UTF-16 order differs where surrogate pairs meet U+E000 and up. */
export function sortByCodePoint(keys: string[]): string[] {
  keys.sort();
  return keys.some((key) => FROM_SURROGATES_UP.test(key)) ? keys.sort(compareCodePoints) : keys;
}

/** Compares two texts by their code points, which is also the order of their UTF-8 bytes. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return weight(a.charCodeAt(i)) - weight(b.charCodeAt(i));
  }
  return a.length - b.length;
}

/** Lifts surrogates above the rest of the sixteen bits, where their code points belong. */
function weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function write(value: JsonValue, strict: boolean, depth: number, asWritten?: string): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return writeNumber(value, strict, asWritten);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_JSON_DEPTH) throw new NotCanonical();
      return Array.isArray(value) ? writeArray(value, strict, depth) : writeObject(value, strict, depth);
    default:
      throw new NotCanonical();
  }
}

function writeArray(items: readonly JsonValue[], strict: boolean, depth: number): string {
  const written = numbersAsWritten(items);
  let out = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) out += ',';
    out += write(items[i] as JsonValue, strict, depth + 1, written?.get(String(i)));
  }
  return `${out}]`;
}

function writeObject(object: JsonObject, strict: boolean, depth: number): string {
  const keys = sortByCodePoint(Object.keys(object));
  const written = numbersAsWritten(object);
  let out = '';
  for (const key of keys) {
    const value = write(object[key] as JsonValue, strict, depth + 1, written?.get(key));
    out += `${out === '' ? '{' : ','}${canonicalString(key)}:${value}`;
  }
  return out === '' ? '{}' : `${out}}`;
}

function writeNumber(value: number, strict: boolean, asWritten?: string): string {
  if (asWritten !== undefined) {
    if (strict || !Number.isFinite(value)) throw new NotCanonical();
    return asWritten;
  }
  // Adding zero turns the negative zero into the plain one.
  if (Number.isSafeInteger(value)) return String(value + 0);
  if (strict || !Number.isFinite(value)) throw new NotCanonical();
  return Number.isInteger(value) ? BigInt(value).toString() : writeFloat(value);
}

/**
 * Hashes of old rooms' events were made by Python, which turns to exponents below 1e-4, not 1e-6, and gives them two
 * digits.
 */
function writeFloat(value: number): string {
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

function describeProblem(value: JsonValue, strict: boolean, path: string, depth: number): string {
  const place = path === '' ? 'The value' : path;
  if (typeof value === 'object' && value !== null) {
    return depth >= MAX_JSON_DEPTH ? `${place} is nested too deep` : describeMember(value, strict, path, depth);
  }
  if (typeof value === 'number') return `${place} is not an integer between -(2^53)+1 and (2^53)-1`;
  return typeof value === 'string' ? `${place} contains half of a surrogate pair` : `${place} is not a JSON value`;
}

function describeMember(value: JsonValue[] | JsonObject, strict: boolean, path: string, depth: number): string {
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.map((item, index) => [`${path}[${index}]`, item])
    : Object.entries(value).map(([key, item]) => [path === '' ? key : `${path}.${key}`, item]);
  for (const [place, item] of entries) {
    if (LONE_SURROGATE.test(place)) return 'A key contains half of a surrogate pair';
    if (!passes(item, strict, depth + 1)) return describeProblem(item, strict, place, depth + 1);
  }
  return 'The value is not canonical JSON';
}

function passes(value: JsonValue, strict: boolean, depth: number): boolean {
  try {
    write(value, strict, depth);
    return true;
  } catch {
    return false;
  }
}
