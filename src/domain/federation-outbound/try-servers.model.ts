import { MatrixError, NotFoundError } from '#kernel/errors';
import { RemoteServerError } from '../federation';

/** Servers that one request of a client may make us ask. */
const MAX_SERVERS = 10;

/**
 * Asks servers one after another until one answers well. When none does, throws what tells the client most: what a server
 * that knows the room said, rather than that another one is down.
 */
export async function firstOf<T>(servers: readonly string[], ask: (server: string) => Promise<T>): Promise<T> {
  let worst: MatrixError | undefined;
  for (const server of [...new Set(servers)].slice(0, MAX_SERVERS)) {
    try {
      return await ask(server);
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      if (worst === undefined || weight(error) > weight(worst)) worst = error;
    }
  }
  throw worst ?? new NotFoundError('No server is known that could be asked about this room');
}

function weight(error: MatrixError): number {
  if (!(error instanceof RemoteServerError)) return 1;
  return error.status === 403 || error.remoteCode.startsWith('M_UNABLE') ? 4 : error.status < 500 ? 3 : 2;
}
