import type { IncomingMessage } from 'node:http';
import type { Query } from './query-string';

/**
 * The request's access token: the `Authorization: Bearer` header, or `?access_token=` as clients up to v1.19 send it.
 * The query's is taken out, so that nothing later can log or forward it. Undefined when there is none.
 */
export function takeAccessToken(request: IncomingMessage, query: Query): string | undefined {
  const fromQuery = query['access_token'];
  if (fromQuery !== undefined) delete query['access_token'];
  const header = request.headers.authorization;
  if (header !== undefined && header.length > 7 && header.slice(0, 7).toLowerCase() === 'bearer ') {
    return header.slice(7).trim() || undefined;
  }
  return typeof fromQuery === 'string' && fromQuery !== '' ? fromQuery : undefined;
}

/** All `Authorization: X-Matrix` headers; a server may send one for each of its keys. */
export function matrixSignatures(request: IncomingMessage): readonly string[] {
  const all = request.headersDistinct['authorization'] ?? [];
  return all.filter((value) => value.slice(0, 9).toLowerCase() === 'x-matrix ');
}
