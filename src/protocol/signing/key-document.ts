import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { ownObject, ownString, ownValue } from '../json-access';
import { verifyJson } from './sign-json';
import { VerifyKey } from './signing-key';

/** A key that a server has given up: good for events until `expiredTs`, for requests no more. */
export interface OldKey {
  readonly publicKey: string;
  readonly expiredTs: number;
}

/** What a server publishes about its keys, checked. Spec: server-server, "Publishing Keys". */
export interface KeyDocument {
  readonly serverName: string;
  /** As published, in epoch milliseconds; it may be beyond the seven days that anybody believes. */
  readonly validUntilTs: number;
  /** Public keys in Base64 by key id, those of today. */
  readonly verifyKeys: ReadonlyMap<string, string>;
  readonly oldVerifyKeys: ReadonlyMap<string, OldKey>;
  /** As it came, with its signatures. */
  readonly json: JsonObject;
}

/** Nobody needs more; an endless list would fill the database. */
const MAX_KEYS = 32;
const MAX_OLD_KEYS = 128;
const MAX_KEY_ID = 128;
/** Wider than the grammar, letters, digits and underscores: servers with hyphens and dots in their key ids are about. */
const KEY_ID = /^ed25519:[!#-+\--[\]-~]+$/;

/**
 * Checks a published document: it must be about `serverName` and signed by one at least of its own `verify_keys`. Keys of
 * other algorithms and malformed ones are left out. Undefined when it is of no use.
 */
export function readKeyDocument(value: JsonValue | undefined, serverName: string): KeyDocument | undefined {
  if (!isJsonObject(value) || ownString(value, 'server_name') !== serverName) return undefined;
  const validUntilTs = ownValue(value, 'valid_until_ts');
  if (!isTimestamp(validUntilTs)) return undefined;
  const verifyKeys = readKeys(ownObject(value, 'verify_keys'));
  const signed = [...verifyKeys].some(([keyId, text]) => {
    const key = VerifyKey.fromBase64(text);
    return key !== undefined && verifyJson(value, serverName, keyId, key);
  });
  if (!signed) return undefined;
  return { serverName, validUntilTs, verifyKeys, oldVerifyKeys: readOldKeys(value, verifyKeys), json: value };
}

function readKeys(listed: JsonObject | undefined): Map<string, string> {
  const keys = new Map<string, string>();
  for (const keyId of Object.keys(listed ?? {}).slice(0, MAX_KEYS)) {
    const publicKey = ownString(ownObject(listed, keyId), 'key');
    if (isKeyId(keyId) && publicKey !== undefined && VerifyKey.fromBase64(publicKey)) keys.set(keyId, publicKey);
  }
  return keys;
}

function readOldKeys(document: JsonObject, current: ReadonlyMap<string, string>): Map<string, OldKey> {
  const listed = ownObject(document, 'old_verify_keys');
  const keys = new Map<string, OldKey>();
  for (const keyId of Object.keys(listed ?? {}).slice(0, MAX_OLD_KEYS)) {
    const entry = ownObject(listed, keyId);
    const publicKey = ownString(entry, 'key');
    const expiredTs = ownValue(entry, 'expired_ts');
    if (!isKeyId(keyId) || current.has(keyId) || publicKey === undefined || !isTimestamp(expiredTs)) continue;
    if (VerifyKey.fromBase64(publicKey)) keys.set(keyId, { publicKey, expiredTs });
  }
  return keys;
}

/** Whether a text is the id of an Ed25519 key that can be stored. */
export function isKeyId(text: string): boolean {
  return text.length <= MAX_KEY_ID && KEY_ID.test(text);
}

function isTimestamp(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
