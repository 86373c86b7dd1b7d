import { BadJsonError, MatrixError, NotFoundError } from '#kernel/errors';
import { isValidServerName } from '#kernel/ids';
import { now } from '#kernel/time';
import { RemoteServerError, UnreachableServerError } from '../federation';
import { UnusableAnswerError } from './federation-outbound.errors';

/** Servers that one request of a client may make us ask. */
const MAX_SERVERS = 10;
/** Time for all of them together: the client has given up by then. */
const PATIENCE_MS = 60_000;

/**
 * Asks one server. The signal comes when it has used up its time; what it answers after that counts no more.
 * @throws BadJsonError for an answer of no use, MatrixError
 */
export type Ask<T> = (server: string, signal: AbortSignal) => Promise<T>;

/**
 * Asks servers one after another until one answers well. When none does, throws what tells the client most: what a server
 * that knows the room said, rather than that another one is down or talks nonsense. Each may take half of the time that is
 * left, so that one which stalls leaves some to those after it; the last one all of it.
 * @throws MatrixError; NotFoundError when there is nobody to ask
 */
export async function firstOf<T>(servers: Iterable<string>, ask: Ask<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const until = now() + patienceMs;
  let told: MatrixError | undefined;
  const asked = [...new Set(servers)].filter(isValidServerName).slice(0, MAX_SERVERS);
  for (const [index, server] of asked.entries()) {
    const left = until - now();
    if (told !== undefined && left <= 0) break;
    try {
      return await answered(server, ask, index === asked.length - 1 ? left : left / 2);
    } catch (thrown) {
      // What is wrong with its answer is not what is wrong with the client's request.
      const error = thrown instanceof BadJsonError ? new UnusableAnswerError(server, thrown.message) : thrown;
      if (!(error instanceof MatrixError)) throw error;
      if (told === undefined || weight(error) > weight(told)) told = error;
    }
  }
  throw told ?? new NotFoundError('No server is known that could be asked about this room');
}

/** @throws UnreachableServerError when the server takes longer than it may */
async function answered<T>(server: string, ask: Ask<T>, ms: number): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new UnreachableServerError(server, `${server} took too long`, { timedOut: true }));
    }, ms);
  });
  return Promise.race([ask(server, controller.signal), late]).finally(() => clearTimeout(timer));
}

function weight(error: MatrixError): number {
  if (!(error instanceof RemoteServerError)) return error.errcode === 'M_FORBIDDEN' ? 2 : 0;
  const { status, remoteCode } = error;
  if (status === 403 || remoteCode.startsWith('M_UNABLE') || remoteCode === 'M_INCOMPATIBLE_ROOM_VERSION') return 4;
  // A good answer that is of no use is nonsense.
  if (status < 300) return 0;
  return status < 500 && status !== 429 ? 3 : 1;
}
