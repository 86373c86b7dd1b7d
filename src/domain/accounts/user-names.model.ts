import { isValidLocalpartForRegistration } from '#kernel/ids';
import { randomLetters } from '#kernel/random';
import { InvalidUsernameError } from './accounts.errors';

const GENERATED_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * The localpart that a wanted user name stands for: a name is "the basis for the localpart", so capitals become small
 * letters. Those of ASCII only: other letters do not become allowed ones.
 * @throws InvalidUsernameError when the grammar of new user ids does not admit it
 */
export function localpartFor(username: string, serverName: string): string {
  const localpart = username.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  if (!isValidLocalpartForRegistration(localpart, serverName)) {
    throw new InvalidUsernameError('username: only a-z, 0-9 and . _ = - / +, and 255 bytes for the whole user ID');
  }
  return localpart;
}

/** A localpart for somebody who named none. */
export function generateLocalpart(): string {
  return `u${randomLetters(15, GENERATED_ALPHABET)}`;
}
