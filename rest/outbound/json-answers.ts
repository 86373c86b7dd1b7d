import { RemoteServerError } from '#domain/federation';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { parseJsonBody, SERVER_JSON } from '../runtime/strict-json';

const BRACKET = '['.charCodeAt(0);
const OPEN = Buffer.from('{"answer":');
const CLOSE = Buffer.from('}');
const LONGEST_MESSAGE = 500;

/**
 * Parses another server's good answer under the same rules as its requests: UTF-8, bounded depth. Old operations answer
 * `[200, {…}]`; all others must be objects.
 * @throws RemoteServerError when it is something else
 */
export function parseAnswer(bytes: Buffer, server: string): JsonValue {
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
