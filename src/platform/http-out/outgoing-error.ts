/**
 * Why a request of ours got no answer:
 * - `denied`: the name leads to addresses that this use may not connect to
 * - `name`: the name has no address
 * - `connection`: refused, reset, unreachable
 * - `certificate`: the certificate is not that of the name, or nobody trusted vouches for it
 * - `timeout`: one of the time budgets is used up
 * - `size`: the answer is larger than the budget
 * - `redirect`: a redirect that is not followed
 * - `protocol`: what came is not HTTP, or is encoded in a way that nobody asked for
 * - `aborted`: the caller has lost interest
 */
export type OutgoingProblem =
  'denied' | 'name' | 'connection' | 'certificate' | 'timeout' | 'size' | 'redirect' | 'protocol' | 'aborted';

/** A request of ours that failed below HTTP; statuses, also of errors, are answers. */
export class OutgoingError extends Error {
  /** True when no connection was made, so that the other side cannot have heard anything of the request. */
  readonly unsent: boolean;

  constructor(
    readonly problem: OutgoingProblem,
    message: string,
    { unsent = false, ...options }: ErrorOptions & { readonly unsent?: boolean } = {},
  ) {
    super(message, options);
    this.name = 'OutgoingError';
    this.unsent = unsent;
  }
}

const PROBLEMS: Readonly<Record<string, OutgoingProblem>> = {
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  ENODATA: 'name',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'size',
  UND_ERR_SOCKET: 'connection',
  UND_ERR_ABORTED: 'aborted',
  ABORT_ERR: 'aborted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate',
};

/** Puts an error of sockets, TLS or the HTTP library into this module's words; our own pass as they are. */
export function asOutgoingError(error: unknown): OutgoingError {
  return error instanceof OutgoingError ? error : translated(error, false);
}

/** The same for an error of making the connection. */
export function asUnsentError(error: unknown): OutgoingError {
  if (!(error instanceof OutgoingError)) return translated(error, true);
  return new OutgoingError(error.problem, error.message, { cause: error, unsent: true });
}

function translated(error: unknown, unsent: boolean): OutgoingError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const problem = PROBLEMS[code] ?? guess(code);
  return new OutgoingError(problem, `${message || code || 'no answer'}`, { cause: error, unsent });
}

function guess(code: string): OutgoingProblem {
  if (code.startsWith('CERT_') || code.startsWith('UNABLE_TO_') || code.includes('CERT')) return 'certificate';
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_') || code.startsWith('Z_')) return 'protocol';
  return 'connection';
}
