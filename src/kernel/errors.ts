import type { JsonObject } from './json';

/**
 * A refusal in Matrix terms. Domain and protocol code throws these; the doors turn the errcode into an HTTP status or a
 * GraphQL error extension. Nothing below the doors knows HTTP.
 */
export class MatrixError extends Error {
  constructor(
    /** The specification's code, as in `M_FORBIDDEN`. */
    readonly errcode: string,
    message: string,
    /** Further members of the error object, as `retry_after_ms` or `room_version`. */
    readonly extra: JsonObject = {},
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** Defines a subclass with a fixed errcode, so that `instanceof` and the code never disagree. */
function codeError(errcode: string) {
  return class extends MatrixError {
    constructor(message: string, extra: JsonObject = {}) {
      super(errcode, message, extra);
    }
  };
}

export class ForbiddenError extends codeError('M_FORBIDDEN') {}
export class NotFoundError extends codeError('M_NOT_FOUND') {}
export class UnrecognizedError extends codeError('M_UNRECOGNIZED') {}
export class BadJsonError extends codeError('M_BAD_JSON') {}
export class NotJsonError extends codeError('M_NOT_JSON') {}
export class InvalidParamError extends codeError('M_INVALID_PARAM') {}
export class MissingParamError extends codeError('M_MISSING_PARAM') {}
export class MissingTokenError extends codeError('M_MISSING_TOKEN') {}
export class UnknownTokenError extends codeError('M_UNKNOWN_TOKEN') {}
export class TooLargeError extends codeError('M_TOO_LARGE') {}
export class BadStateError extends codeError('M_BAD_STATE') {}
export class UnknownError extends codeError('M_UNKNOWN') {}
export class GuestAccessForbiddenError extends codeError('M_GUEST_ACCESS_FORBIDDEN') {}
export class UnsupportedRoomVersionError extends codeError('M_UNSUPPORTED_ROOM_VERSION') {}

/** A limit was reached; `retryAfterMs` is when the caller may try again. */
export class LimitExceededError extends MatrixError {
  constructor(
    readonly retryAfterMs: number,
    message = 'Too many requests',
  ) {
    super('M_LIMIT_EXCEEDED', message, { retry_after_ms: retryAfterMs });
  }
}
