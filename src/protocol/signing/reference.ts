import { decodeBase64, encodeBase64 } from '#kernel/base64';
import type { JsonObject } from '#kernel/json';
import nacl from 'tweetnacl';

import { addSignature, signableText, signatureOf } from './sign-json';

/**
 * Signing by tweetnacl, the implementation that Matrix was first defined with. Slow; it stands beside node:crypto as the
 * reference against which that is checked.
 */
export function referencePublicKey(seed: Uint8Array): string {
  return encodeBase64(nacl.sign.keyPair.fromSeed(seed).publicKey);
}

/** Signs a text with the key of a 32-byte seed; unpadded Base64. */
export function referenceSign(text: string, seed: Uint8Array): string {
  const { secretKey } = nacl.sign.keyPair.fromSeed(seed);
  return encodeBase64(nacl.sign.detached(new Uint8Array(Buffer.from(text, 'utf8')), secretKey));
}

/** The same as `signJson`, by tweetnacl. */
export function referenceSignJson(object: JsonObject, serverName: string, keyId: string, seed: Uint8Array): JsonObject {
  const signature = referenceSign(signableText(object), seed);
  return { ...object, signatures: addSignature(object.signatures, serverName, keyId, signature) };
}

/** The same as `verifyJson`, by tweetnacl, with the public key in Base64. */
export function referenceVerifyJson(object: JsonObject, serverName: string, keyId: string, publicKey: string): boolean {
  const signature = decodeBase64(signatureOf(object, serverName, keyId) ?? '');
  const key = decodeBase64(publicKey);
  if (signature?.length !== nacl.sign.signatureLength || key?.length !== nacl.sign.publicKeyLength) return false;
  const text = new Uint8Array(Buffer.from(signableText(object, { strict: false }), 'utf8'));
  return nacl.sign.detached.verify(text, new Uint8Array(signature), new Uint8Array(key));
}
