import { BadJsonError, MatrixError, NotFoundError } from '#kernel/errors';
import { isValidServerName } from '#kernel/ids';
import { now } from '#kernel/time';
import { RemoteServerError } from '../federation';
import { UnusableAnswerError } from './federation-outbound.errors';

/** Servers that one request of a client may make us ask. */
const MAX_SERVERS = 10;
/** Time after which no further server is asked: the client has given up. */
const PATIENCE_MS = 60_000;

/**
 * Asks servers one after another until one answers well. When none does, throws what tells the client most: what a server
 * that knows the room said, rather than that another one is down or talks nonsense.
 * @throws MatrixError; NotFoundError when there is nobody to ask
 */
export async function firstOf<T>(servers: Iterable<string>, ask: (server: string) => Promise<T>): Promise<T> {
  const until = now() + PATIENCE_MS;
  let told: MatrixError | undefined;
  for (const server of [...new Set(servers)].filter(isValidServerName).slice(0, MAX_SERVERS)) {
    if (told !== undefined && now() >= until) break;
    try {
      return await ask(server);
    } catch (thrown) {
      // What is wrong with its answer is not what is wrong with the client's request.
      const error = thrown instanceof BadJsonError ? new UnusableAnswerError(server, thrown.message) : thrown;
      if (!(error instanceof MatrixError)) throw error;
      if (told === undefined || weight(error) > weight(told)) told = error;
    }
  }
  throw told ?? new NotFoundError('No server is known that could be asked about this room');
}

function weight(error: MatrixError): number {
  if (!(error instanceof RemoteServerError)) return error.errcode === 'M_FORBIDDEN' ? 2 : 0;
  const { status, remoteCode } = error;
  if (status === 403 || remoteCode.startsWith('M_UNABLE') || remoteCode === 'M_INCOMPATIBLE_ROOM_VERSION') return 4;
  return status < 500 && status !== 429 ? 3 : 1;
}
