import { InvalidParamError } from '#kernel/errors';

/** Object types that a global id can name. */
export type NodeType = 'User' | 'Room' | 'Event';

/** The opaque global id of an object: base64url of type and key. */
export const globalId = (type: NodeType, key: string): string =>
  Buffer.from(`${type}:${key}`, 'utf8').toString('base64url');

/**
 * Reads a global id.
 * @throws InvalidParamError when it is not one of ours
 */
export function parseGlobalId(id: string): { type: string; key: string } {
  const text = Buffer.from(id, 'base64url').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidParamError('id: not an id of this server');
  return { type: text.slice(0, colon), key: text.slice(colon + 1) };
}
