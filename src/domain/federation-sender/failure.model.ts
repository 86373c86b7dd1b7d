import { MatrixError } from '#kernel/errors';
import { DeniedServerError, RemoteServerError, UnreachableServerError } from '../federation';

/** The server is not there or does not want us, so that it is left alone: at least for as long as it says itself. */
export interface Away {
  readonly kind: 'away';
  readonly retryAfterMs: number;
}

/** Why a transaction did not arrive; `refused`: the server will never take what is in it. */
export type Failure = Away | { readonly kind: 'refused' };

/** Refusals that are about us and our pace, not about what is in the transaction. */
const ABOUT_US: ReadonlySet<number> = new Set([401, 403, 404, 405, 429]);
const PAYLOAD_TOO_LARGE = 413;

/** Judges what the carrier threw. What this server itself cannot put into a request counts as refused, too. */
export function failureOf(error: unknown): Failure {
  const away = (retryAfterMs = 0): Failure => ({ kind: 'away', retryAfterMs });
  if (error instanceof RemoteServerError) return isAboutContent(error) ? { kind: 'refused' } : away(error.retryAfterMs);
  if (error instanceof UnreachableServerError || error instanceof DeniedServerError) return away();
  return error instanceof MatrixError ? { kind: 'refused' } : away();
}

/** Only a homeserver can judge events: an error page of what stands before it says nothing about them, but their size. */
function isAboutContent({ status, body }: RemoteServerError): boolean {
  if (status === PAYLOAD_TOO_LARGE) return true;
  return status >= 400 && status < 500 && !ABOUT_US.has(status) && typeof body['errcode'] === 'string';
}
