import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import { decodeBase64, encodeBase64 } from '#kernel/base64';
import { InvalidParamError } from '#kernel/errors';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_ID = /^ed25519:[a-zA-Z0-9_]+$/;

/** A server's Ed25519 key: signs, and knows its key id and public half. Made once, used for every event. */
export class SigningKey {
  private readonly key: KeyObject;
  /** The public half, in unpadded Base64. */
  readonly publicKey: string;

  private constructor(
    readonly keyId: string,
    seed: Uint8Array,
  ) {
    this.key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(this.key).export({ format: 'der', type: 'spki' });
    this.publicKey = encodeBase64(spki.subarray(SPKI_PREFIX.length));
  }

  /**
   * Makes the key of a 32-byte seed. `keyId` is the whole `ed25519:version`. Throws {@link InvalidParamError} for a seed of
   * another length or a key id outside the grammar.
   */
  static fromSeed(keyId: string, seed: Uint8Array): SigningKey {
    if (!KEY_ID.test(keyId))
      throw new InvalidParamError('A signing key ID is ed25519: and letters, digits or underscores');
    if (seed.length !== 32) throw new InvalidParamError('A signing key seed has 32 bytes');
    return new SigningKey(keyId, seed);
  }

  /** Signs a text's UTF-8 bytes; unpadded Base64. */
  sign(text: string): string {
    return sign(null, Buffer.from(text, 'utf8'), this.key).toString('base64').slice(0, 86);
  }
}

/** The public half of somebody's key, ready to verify. Making one costs as much as a few uses: keep it. */
export class VerifyKey {
  private constructor(private readonly key: KeyObject) {}

  /** Reads 32 bytes in Base64, either alphabet, padded or not. Undefined for anything else. */
  static fromBase64(text: string): VerifyKey | undefined {
    const bytes = decodeBase64(text) ?? decodeBase64(text, 'url-safe');
    if (bytes === undefined || bytes.length !== 32) return undefined;
    return new VerifyKey(createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' }));
  }

  /** Whether `signature` (Base64) is this key's over a text's UTF-8 bytes. Malformed signatures are simply wrong. */
  verify(text: string, signature: string): boolean {
    const bytes = decodeBase64(signature);
    if (bytes === undefined || bytes.length !== 64) return false;
    return verify(null, Buffer.from(text, 'utf8'), this.key, bytes);
  }
}
