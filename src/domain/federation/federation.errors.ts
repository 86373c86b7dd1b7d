import { MatrixError } from '#kernel/errors';

/** The request is not signed by the server that it claims to come from. */
export class UnauthorizedServerError extends MatrixError {
  constructor(message: string) {
    super('M_UNAUTHORIZED', message);
  }
}

/** Configuration forbids to talk with this server. */
export class DeniedServerError extends MatrixError {
  constructor(serverName: string) {
    super('M_FORBIDDEN', `This server does not federate with ${serverName}`);
  }
}

/** No answer came from a server, or it has failed so often that it is left alone for now. */
export class UnreachableServerError extends MatrixError {
  constructor(
    readonly destination: string,
    message: string,
    options: { readonly timedOut?: boolean; readonly cause?: unknown } = {},
  ) {
    super(options.timedOut === true ? 'M_CONNECTION_TIMEOUT' : 'M_CONNECTION_FAILED', message);
    this.cause = options.cause;
  }
}

/** Codes of other servers that mean to our clients what they mean to us. Not those about tokens: they would log out. */
const SHARED_CODES: ReadonlySet<string> = new Set([
  'M_FORBIDDEN',
  'M_NOT_FOUND',
  'M_BAD_STATE',
  'M_INCOMPATIBLE_ROOM_VERSION',
  'M_INVITE_BLOCKED',
  'M_UNABLE_TO_AUTHORISE_JOIN',
  'M_UNABLE_TO_GRANT_JOIN',
  'M_UNSUPPORTED_ROOM_VERSION',
]);

/** Another server answered with an error. */
export class RemoteServerError extends MatrixError {
  constructor(
    readonly destination: string,
    readonly status: number,
    /** What it said, to be judged by code; clients see it only when it is theirs to see. */
    readonly remoteCode: string,
    message: string,
    /** The whole answer, when it was a JSON object. */
    readonly body: MatrixError['extra'] = {},
    /** How long it asks to be left alone; 0 when it does not say. */
    readonly retryAfterMs = 0,
  ) {
    super(
      SHARED_CODES.has(remoteCode) ? remoteCode : 'M_BAD_STATUS',
      `${destination}: ${message}`,
      roomVersionOf(body),
    );
  }
}

function roomVersionOf(body: MatrixError['extra']): MatrixError['extra'] {
  return typeof body['room_version'] === 'string' ? { room_version: body['room_version'] } : {};
}
