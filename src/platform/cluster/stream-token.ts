import { InvalidParamError } from '#kernel/errors';
import type { Positions } from '#platform/storage/storage';

/**
 * The one place that prints and parses sync tokens. Opaque to clients: `s<pos>` while one process writes,
 * `s<writer>.<pos>_<writer>.<pos>` with several.
 */
export function printPositions(positions: Positions): string {
  const entries = [...positions].sort(([a], [b]) => a - b);
  const [only] = entries;
  if (entries.length === 1 && only![0] === 1) return `s${only![1]}`;
  return `s${entries.map(([writer, pos]) => `${writer}.${pos}`).join('_')}`;
}

const ONE = /^s(\d{1,16})$/;
const MANY = /^s\d{1,5}\.\d{1,16}(_\d{1,5}\.\d{1,16}){0,63}$/;

/**
 * Parses a sync token.
 * @param name the request parameter, for the message
 * @throws InvalidParamError when `token` is not one of ours
 */
export function parsePositions(token: string, name: string): Positions {
  const one = ONE.exec(token);
  if (one !== null) return new Map([[1, Number(one[1])]]);
  if (!MANY.test(token)) throw new InvalidParamError(`${name}: not a token of this server`);
  const parts = token.slice(1).split('_');
  return new Map(
    parts.map((part): [number, number] => {
      const [writer, pos] = part.split('.');
      return [Number(writer), Number(pos)];
    }),
  );
}
