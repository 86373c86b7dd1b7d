import { randomBytes, randomInt } from 'node:crypto';

const UPPER_CASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** An unguessable text: `bytes` random bytes in URL-safe Base64. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** `length` random letters of `alphabet`, each as likely as the others. */
export function randomLetters(length: number, alphabet = UPPER_CASE): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
