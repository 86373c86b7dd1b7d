import { RemoteServerError } from '#domain/federation';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { parseJsonBody, SERVER_JSON } from '../runtime/strict-json';

const BRACKET = '['.charCodeAt(0);
const OPEN = Buffer.from('{"answer":');
const CLOSE = Buffer.from('}');
const LONGEST_MESSAGE = 500;
/**
 * Values in one answer; the states of the largest rooms have about five million. One of two bytes takes fifty in memory:
 * by bytes alone, an answer could end the process.
 */
const MAX_VALUES = 8_000_000;
const SEPARATORS = new Uint8Array(256);
for (const character of ',[{') SEPARATORS[character.charCodeAt(0)] = 1;

/**
 * Parses another server's good answer under the same rules as its requests: UTF-8, bounded depth. Old operations answer
 * `[200, {…}]`; all others must be objects.
 * @throws RemoteServerError when it is something else, or is of more values than any room needs. SECURITY: row 25
 */
export function parseAnswer(bytes: Buffer, server: string): JsonValue {
  if (hasTooManyValues(bytes))
    throw new RemoteServerError(server, 200, 'M_TOO_LARGE', 'the answer is of too many values');
  try {
    if (bytes[0] !== BRACKET) return parseJsonBody(bytes, SERVER_JSON);
    return parseJsonBody(Buffer.concat([OPEN, bytes, CLOSE]), SERVER_JSON)['answer'] ?? [];
  } catch {
    throw new RemoteServerError(server, 200, 'M_NOT_JSON', 'the answer is not JSON');
  }
}

export interface ErrorAnswer {
  readonly errcode: string;
  readonly error: string | undefined;
  readonly json: JsonObject;
}

/** What an error answer says, if it says anything in Matrix' form. Never throws. */
export function readError(bytes: Buffer): ErrorAnswer {
  let json: unknown;
  try {
    json = bytes.length === 0 ? undefined : parseJsonBody(bytes, SERVER_JSON);
  } catch {
    // A proxy's error page.
  }
  if (!isJsonObject(json)) return { errcode: 'M_UNKNOWN', error: undefined, json: {} };
  const { errcode, error } = json;
  return {
    errcode: typeof errcode === 'string' ? errcode.slice(0, LONGEST_MESSAGE) : 'M_UNKNOWN',
    error: typeof error === 'string' ? error.slice(0, LONGEST_MESSAGE) : undefined,
    json,
  };
}

/** Counts what stands between values, those in texts too: close enough, and fast. */
function hasTooManyValues(bytes: Buffer): boolean {
  if (bytes.length <= MAX_VALUES) return false;
  let count = 0;
  for (let at = 0; at < bytes.length; at++) count += SEPARATORS[bytes[at]!]!;
  return count > MAX_VALUES;
}
