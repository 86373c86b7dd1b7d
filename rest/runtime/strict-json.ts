import { isUtf8 } from 'node:buffer';
import { BadJsonError, NotJsonError } from '#kernel/errors';
import { isJsonObject, type JsonObject } from '#kernel/json';
import { rememberNumbers } from '#protocol/written-numbers';

/** What one door lets through. docs/decisions/json-input.md says why. */
export interface JsonRules {
  /** Deepest nesting of arrays and objects. */
  readonly maxDepth: number;
  /**
   * Numbers beyond 2^53-1 are refused. Where they are not, since events of old room versions may hold them and are judged
   * one by one, it is remembered how numbers are written: by that events are hashed, and requests signed.
   */
  readonly safeNumbers: boolean;
  /** Members called `__proto__` are refused, not kept as plain data. */
  readonly refuseProto: boolean;
}

/** Bodies of clients, identity and push callers. */
export const CLIENT_JSON: JsonRules = { maxDepth: 100, safeNumbers: true, refuseProto: true };
/** Bodies of servers: one odd event must not cost the whole transaction, so what can be judged later passes. */
export const SERVER_JSON: JsonRules = { maxDepth: 1000, safeNumbers: false, refuseProto: false };

/**
 * Parses a request body that must be a JSON object. An empty body is an empty object, since old clients send none.
 * One pass over the bytes finds whether anything needs a closer look; a clean body then costs only `JSON.parse`.
 * Throws `M_NOT_JSON` for what is no JSON in UTF-8, `M_BAD_JSON` for JSON outside the rules.
 */
export function parseJsonBody(bytes: Buffer, rules: JsonRules): JsonObject {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw new NotJsonError('The body is not UTF-8');
  const { odd, numbers } = scan(bytes, rules.maxDepth);
  const text = bytes.toString('utf8');
  const value = parse(text);
  if (!isJsonObject(value)) throw new BadJsonError('The body must be a JSON object');
  if (odd || bytes.includes('__proto__')) inspect(value, rules);
  if (numbers && !rules.safeNumbers) rememberNumbers(text, value);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NotJsonError('The body is not JSON');
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
/** With the flag, whole pairs count as one character and do not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Classes of bytes outside texts; those of numbers are the highest. */
const [OPEN, CLOSE, DIGIT, EXPONENT] = [1, 2, 3, 4];
const CLASSES = new Uint8Array(256);
for (const [kind, characters] of Object.entries({ 1: '{[', 2: '}]', 3: '0123456789.+-', 4: 'eE' })) {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = Number(kind);
}

/** A number of so many characters may be beyond 2^53-1. */
const LONG_NUMBER = 16;

const POINT = 46;

interface Scan {
  /** There is an escape that may hide a surrogate or a letter of `__proto__`, or a number that may be out of range. */
  readonly odd: boolean;
  /** There is a number whose value may not tell how it is written. */
  readonly numbers: boolean;
}

/** Tells whether the parsed value must be walked. Throws for nesting deeper than `maxDepth`. */
function scan(bytes: Buffer, maxDepth: number): Scan {
  const hasEscapes = bytes.includes(BACKSLASH);
  let odd = hasEscapes && ODD_ESCAPES.some((escape) => bytes.includes(escape));
  let numbers = false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = endOfText(bytes, at + 1, hasEscapes);
      continue;
    }
    const kind = CLASSES[byte] as number;
    if (kind === OPEN && ++depth > maxDepth) throw new BadJsonError('The body is nested too deeply');
    if (kind === CLOSE) depth--;
    if (kind < DIGIT || kind === EXPONENT) continue;
    const start = at;
    let hasPoint = false;
    let hasExponent = false;
    let next = CLASSES[bytes[at + 1] ?? 0] as number;
    for (; next >= DIGIT; next = CLASSES[bytes[at + 1] ?? 0] as number) {
      hasExponent ||= next === EXPONENT;
      hasPoint ||= bytes[at + 1] === POINT;
      at++;
    }
    const mayBeOut = hasExponent || at - start + 1 >= LONG_NUMBER;
    odd ||= mayBeOut;
    numbers ||= mayBeOut || hasPoint;
  }
  return { odd, numbers };
}

/** Halves of characters, and ASCII letters that need no escape. */
const ODD_ESCAPES = ['\\ud', '\\uD', '\\u00'];

/** After so many bytes of a text, the search built into buffers is faster than a loop. */
const LONG_TEXT = 64;

/** Where a text's closing quote is, or the end of the bytes. */
function endOfText(bytes: Buffer, start: number, hasEscapes: boolean): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
    if (hasEscapes || at - start < LONG_TEXT) continue;
    const end = bytes.indexOf(QUOTE, at + 1);
    return end < 0 ? bytes.length : end;
  }
  return bytes.length;
}

/** Walks a parsed value, whose depth {@link scan} has bounded. */
function inspect(value: unknown, rules: JsonRules): void {
  if (typeof value === 'string') checkText(value);
  else if (typeof value === 'number') checkNumber(value, rules);
  else if (Array.isArray(value)) for (const item of value) inspect(item, rules);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkText(key);
      if (rules.refuseProto && key === '__proto__') throw new BadJsonError('The body has a member called __proto__');
      inspect(item, rules);
    }
  }
}

function checkText(text: string): void {
  if (LONE_SURROGATE.test(text)) throw new BadJsonError('The body has half of a surrogate pair');
}

function checkNumber(value: number, rules: JsonRules): void {
  if (rules.safeNumbers && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new BadJsonError('The body has a number out of range');
}
