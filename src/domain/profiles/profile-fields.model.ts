import { BadJsonError, InvalidParamError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';
import { ProfileKeyTooLargeError } from './profiles.errors';

export const MAX_FIELD_NAME_BYTES = 255;
export const MAX_DISPLAYNAME_CHARACTERS = 256;
const MAX_AVATAR_URL_CHARACTERS = 1_000;
const MAX_TIME_ZONE_CHARACTERS = 255;
/** Appendices, "Common Namespaced Identifier Grammar". */
const GRAMMAR = /^[a-z][a-z0-9._-]*$/;

/** @throws ProfileKeyTooLargeError, InvalidParamError */
export function assertFieldName(name: string): void {
  if (utf8Length(name) > MAX_FIELD_NAME_BYTES) throw new ProfileKeyTooLargeError(MAX_FIELD_NAME_BYTES);
  if (!GRAMMAR.test(name)) throw new InvalidParamError('keyName: not a name of a profile field');
}

/**
 * The value of a field as it is kept; undefined when the client clears it: old clients clear name and avatar with an empty
 * text, having had no other way.
 * @throws BadJsonError, InvalidParamError
 */
export function readFieldValue(name: string, value: JsonValue): JsonValue | undefined {
  switch (name) {
    case 'displayname':
      return readText(name, value, MAX_DISPLAYNAME_CHARACTERS) || undefined;
    case 'avatar_url':
      return readAvatar(value) || undefined;
    case 'm.tz':
      return readText(name, value, MAX_TIME_ZONE_CHARACTERS);
    default:
      return value;
  }
}

function readText(name: string, value: JsonValue, limit: number): string {
  if (typeof value !== 'string') throw new BadJsonError(`${name}: must be a string`);
  if (value.length > limit) throw new InvalidParamError(`${name}: longer than ${limit} characters`);
  return value;
}

function readAvatar(value: JsonValue): string {
  const url = readText('avatar_url', value, MAX_AVATAR_URL_CHARACTERS);
  if (url !== '' && !url.startsWith('mxc://')) throw new InvalidParamError('avatar_url: must be an mxc:// URI');
  return url;
}
