import { InvalidParamError } from '#kernel/errors';

const PLACE = /^t(-?\d{1,15})$/;

/**
 * The pagination token of the place after the event at `ordinal`, in one room's order. Reading backwards from it begins with
 * that event, forwards with the next.
 */
export function printPlace(ordinal: number): string {
  return `t${ordinal}`;
}

/** The ordinal of such a token; undefined for tokens of another kind. */
export function readPlace(token: string): number | undefined {
  const match = PLACE.exec(token);
  return match === null ? undefined : Number(match[1]);
}

/** Refuses a token that is neither a place nor of a sync. */
export function refuseToken(name: string): never {
  throw new InvalidParamError(`${name}: not a token of this server`);
}
