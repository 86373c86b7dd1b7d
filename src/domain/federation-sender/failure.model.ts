import { MatrixError } from '#kernel/errors';
import { DeniedServerError, RemoteServerError, UnreachableServerError } from '../federation';

/** The server is not there or does not want us, so that it is left alone: at least for as long as it says itself. */
export interface Away {
  readonly kind: 'away';
  readonly retryAfterMs: number;
  /** The server itself failed on the transaction, and may do so every time. Otherwise it has not answered it. */
  readonly fellOver: boolean;
}

/** Why a transaction did not arrive; `refused`: the server will never take what is in it. */
export type Failure = Away | { readonly kind: 'refused' };

/** Refusals that are about us and our pace, not about what is in the transaction. */
const ABOUT_US: ReadonlySet<number> = new Set([401, 403, 404, 405, 429]);
const PAYLOAD_TOO_LARGE = 413;
/** Said by what stands before a server of one that it does not reach. */
const GATEWAY: ReadonlySet<number> = new Set([502, 503, 504]);

/** Judges what the carrier threw. What this server itself cannot put into a request counts as refused, too. */
export function failureOf(error: unknown): Failure {
  const away = (retryAfterMs = 0, fellOver = false): Failure => ({ kind: 'away', retryAfterMs, fellOver });
  if (error instanceof RemoteServerError) {
    const { status, retryAfterMs } = error;
    return isAboutContent(error) ? { kind: 'refused' } : away(retryAfterMs, status >= 500 && !GATEWAY.has(status));
  }
  if (error instanceof UnreachableServerError || error instanceof DeniedServerError) return away();
  return error instanceof MatrixError ? { kind: 'refused' } : away();
}

/** Only a homeserver can judge events: an error page of what stands before it says nothing about them, but their size. */
function isAboutContent({ status, body }: RemoteServerError): boolean {
  if (status === PAYLOAD_TOO_LARGE) return true;
  return status >= 400 && status < 500 && !ABOUT_US.has(status) && typeof body['errcode'] === 'string';
}
