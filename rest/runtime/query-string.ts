import { InvalidParamError } from '#kernel/errors';
import { decodePart } from './request-target';

/** A query as delegates see it before validation: one text for each key, or a list where the operation has arrays. */
export type Query = Record<string, string | string[]>;

/** More keys than any client sends; a cap on what one request line can make us allocate. */
const MAX_PAIRS = 200;

/**
 * Parses a raw query. A key that comes twice counts once, the first time, unless `arrays` names it. The object has no
 * prototype, so any key is only a key. Throws `M_INVALID_PARAM` for bad escapes, NUL characters and too many keys.
 */
export function parseQuery(raw: string, arrays: readonly string[]): Query {
  const query = Object.create(null) as Query;
  if (raw === '') return query;
  const pairs = raw.split('&');
  if (pairs.length > MAX_PAIRS) throw new InvalidParamError('Too many query parameters');
  const lists = arrays.includes('via') ? [...arrays, OLD_VIA] : arrays;
  for (const pair of pairs) if (pair !== '') addPair(query, pair, lists);
  const oldVia = query[OLD_VIA];
  if (lists !== arrays && oldVia !== undefined) query['via'] ??= oldVia;
  return query;
}

/** What `via` was called up to v1.11, and what clients of then still send. */
const OLD_VIA = 'server_name';

function addPair(query: Query, pair: string, arrays: readonly string[]): void {
  const equals = pair.indexOf('=');
  const name = decode(equals < 0 ? pair : pair.slice(0, equals), 'the query');
  const value = decode(equals < 0 ? '' : pair.slice(equals + 1), name);
  const before = query[name];
  if (before === undefined) query[name] = arrays.includes(name) ? [value] : value;
  else if (Array.isArray(before)) before.push(value);
}

function decode(text: string, name: string): string {
  const decoded = decodePart(text.includes('+') ? text.replaceAll('+', ' ') : text);
  if (decoded === undefined) throw new InvalidParamError(`Bad percent-encoding in ${name}`);
  if (decoded.includes('\0')) throw new InvalidParamError(`NUL character in ${name}`);
  return decoded;
}
