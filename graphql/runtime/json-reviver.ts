import { BadJsonError } from '#kernel/errors';

/** With the flag, whole pairs count as one character and do not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A reviver for `JSON.parse` that refuses what the REST door refuses in clients' JSON (docs/decisions/json-input.md):
 * members called `__proto__` and halves of surrogate pairs. Numbers and depth are judged by what takes the value.
 * @throws BadJsonError
 */
export function refuseOddJson(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new BadJsonError('The body has a member called __proto__');
  if (LONE_SURROGATE.test(key) || (typeof value === 'string' && LONE_SURROGATE.test(value))) {
    throw new BadJsonError('The body has half of a surrogate pair');
  }
  return value;
}
