import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { canonicalJson } from '../canonical-json';
import { ownObject, ownString } from '../json-access';
import type { SigningKey, VerifyKey } from './signing-key';

/** The text that a signature of this object covers: canonical JSON without `signatures` and `unsigned`. */
export function signableText(object: JsonObject, options: { strict?: boolean } = {}): string {
  const { signatures: _signatures, unsigned: _unsigned, ...rest } = object;
  return canonicalJson(rest, options);
}

/**
 * A copy of the object with this server's signature added to those it has. Throws BadJsonError when it is not canonical
 * JSON. Spec: appendices, "Signing JSON".
 */
export function signJson<T extends JsonObject>(object: T, serverName: string, key: SigningKey): T & JsonObject {
  return {
    ...object,
    signatures: addSignature(object.signatures, serverName, key.keyId, key.sign(signableText(object))),
  };
}

/** Adds one signature to a `signatures` object, leaving those of others alone. */
export function addSignature(
  signatures: JsonValue | undefined,
  serverName: string,
  keyId: string,
  signature: string,
): JsonObject {
  const all: JsonObject = isJsonObject(signatures) ? { ...signatures } : {};
  all[serverName] = { ...(ownObject(all, serverName) ?? {}), [keyId]: signature };
  return all;
}

/** Whether the object carries a valid signature of this server by this key. Never throws. */
export function verifyJson(object: JsonObject, serverName: string, keyId: string, key: VerifyKey): boolean {
  const signature = signatureOf(object, serverName, keyId);
  if (signature === undefined) return false;
  try {
    return key.verify(signableText(object, { strict: false }), signature);
  } catch {
    return false;
  }
}

/** One signature of an object in Base64, if it is there. */
export function signatureOf(object: JsonObject, serverName: string, keyId: string): string | undefined {
  return ownString(ownObject(ownObject(object, 'signatures'), serverName), keyId);
}

/** Key ids of the Ed25519 signatures that a server put on an object; other algorithms are left out. */
export function signingKeyIds(object: JsonObject, serverName: string): string[] {
  const signatures = ownObject(ownObject(object, 'signatures'), serverName) ?? {};
  return Object.keys(signatures).filter(
    (keyId) => keyId.startsWith('ed25519:') && typeof signatures[keyId] === 'string',
  );
}
