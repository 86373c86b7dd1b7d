import { InvalidParamError } from '#kernel/errors';
import type { Positions } from '#platform/storage/storage';

/**
 * The one place that prints and parses sync tokens. Opaque to clients: `s<pos>` while one process writes,
 * `s<writer>.<pos>_<writer>.<pos>` with several. A device with more queued messages than fit in one answer gets a token with
 * a second part, `~` and how far its queue was delivered.
 */
export function printPositions(positions: Positions): string {
  return `s${printList(positions)}`;
}

/** A place in all streams, and one of its own in the device's message queue when that lags behind. */
export interface SyncToken {
  readonly positions: Positions;
  /** How far the queue of send-to-device messages was delivered; absent when up to `positions`. */
  readonly toDevice?: Positions;
}

/** Prints a sync token. */
export function printSyncToken(token: SyncToken): string {
  const all = printPositions(token.positions);
  return token.toDevice === undefined ? all : `${all}~${printList(token.toDevice)}`;
}

const LIST = /^(?:\d{1,15}|\d{1,5}\.\d{1,15}(?:_\d{1,5}\.\d{1,15}){0,63})$/;

/**
 * Parses a sync token.
 * @param name the request parameter, for the message
 * @throws InvalidParamError when `token` is not one of ours
 */
export function parseSyncToken(token: string, name: string): SyncToken {
  const [all, toDevice, ...more] = token.split('~');
  if (!all!.startsWith('s') || more.length > 0) throw refused(name);
  const positions = parseList(all!.slice(1), name);
  return toDevice === undefined ? { positions } : { positions, toDevice: parseList(toDevice, name) };
}

/** The positions of a sync token, for readers who have no device. @throws InvalidParamError as {@link parseSyncToken} */
export function parsePositions(token: string, name: string): Positions {
  return parseSyncToken(token, name).positions;
}

function printList(positions: Positions): string {
  const entries = [...positions].sort(([a], [b]) => a - b);
  const [only] = entries;
  if (entries.length === 1 && only![0] === 1) return String(only![1]);
  return entries.map(([writer, pos]) => `${writer}.${pos}`).join('_');
}

function parseList(list: string, name: string): Positions {
  if (!LIST.test(list)) throw refused(name);
  if (!list.includes('.')) return new Map([[1, Number(list)]]);
  const parts = list.split('_').map((part): [number, number] => {
    const [writer, pos] = part.split('.');
    return [Number(writer), Number(pos)];
  });
  return new Map(parts);
}

function refused(name: string): InvalidParamError {
  return new InvalidParamError(`${name}: not a token of this server`);
}
