import { AuthenticationRequiredError } from '#domain/sessions';
import { LimitExceededError, MatrixError } from '#kernel/errors';
import type { JsonObject } from '#kernel/json';
import { statusOf } from './error-status';
import { HttpRefusal } from './refusals';

/** An error as it goes out. */
export interface WireError {
  readonly status: number;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  /** Not a refusal but a fault of ours, to be logged whole. */
  readonly fault: boolean;
}

/**
 * Turns what was thrown into an answer. Only {@link MatrixError}s speak for themselves; of anything else the client
 * learns the request id and nothing more.
 * @param reached the operation whose delegate threw, undefined when the door itself refused
 */
export function toWire(error: unknown, requestId: string, reached: string | undefined): WireError {
  if (!(error instanceof MatrixError)) {
    const body = { errcode: 'M_UNKNOWN', error: 'Internal server error', request_id: requestId };
    return { status: 500, body, headers: {}, fault: true };
  }
  if (error instanceof AuthenticationRequiredError) return { status: 401, body: error.body, headers: {}, fault: false };
  const body = { errcode: error.errcode, error: error.message, ...error.extra };
  if (error instanceof HttpRefusal) return { status: error.status, body, headers: error.headers, fault: false };
  return { status: statusOf(error.errcode, reached), body, headers: retryHeader(error), fault: false };
}

function retryHeader(error: MatrixError): Record<string, string> {
  return error instanceof LimitExceededError ? { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1000)) } : {};
}
