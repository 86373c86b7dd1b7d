/**
 * Base64 as Matrix writes it: without padding, in the standard alphabet for keys, hashes and signatures, in the URL-safe
 * one for event ids. Spec: appendices, "Unpadded Base64".
 */
export type Base64Alphabet = 'standard' | 'url-safe';

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

/** Encodes bytes in the standard alphabet, without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return withoutPadding(asBuffer(bytes).toString('base64'));
}

/** Encodes bytes in the URL-safe alphabet, without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url');
}

/** Turns standard Base64 of either padding into the unpadded URL-safe form of the same bytes. */
export function base64ToUrlSafe(text: string): string {
  return withoutPadding(text).replace(/\+/g, '-').replace(/\//g, '_');
}

/**
 * Decodes Base64 with or without padding. Node's own decoder skips characters that it does not know, so that many texts
 * would stand for one signature; here anything outside the alphabet gives undefined.
 */
export function decodeBase64(text: string, alphabet: Base64Alphabet = 'standard'): Buffer | undefined {
  if (!(alphabet === 'standard' ? STANDARD : URL_SAFE).test(text)) return undefined;
  if (withoutPadding(text).length % 4 === 1) return undefined;
  return Buffer.from(text, alphabet === 'standard' ? 'base64' : 'base64url');
}

function withoutPadding(text: string): string {
  const end = text.indexOf('=');
  return end < 0 ? text : text.slice(0, end);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
