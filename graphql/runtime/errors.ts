import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { MatrixError } from '#kernel/errors';

/** Codes of ours beside Apollo's, by what a client does about them. */
const codeOf: Readonly<Record<string, string>> = {
  M_MISSING_TOKEN: 'UNAUTHENTICATED',
  M_UNKNOWN_TOKEN: 'UNAUTHENTICATED',
  M_USER_LOCKED: 'UNAUTHENTICATED',
  M_FORBIDDEN: 'FORBIDDEN',
  M_GUEST_ACCESS_FORBIDDEN: 'FORBIDDEN',
  M_NOT_FOUND: 'NOT_FOUND',
  M_LIMIT_EXCEEDED: 'RATE_LIMITED',
};

/**
 * Turns what a resolver threw into what a client may see: the Matrix errcode in `extensions.errcode`, a request id, never a
 * stack or SQL. Faults of our own are logged by `report` and shown as INTERNAL_SERVER_ERROR only.
 */
export function errorFormatter(report: (error: unknown, requestId: string) => void, newId: () => string) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const cause = error instanceof GraphQLError && error.originalError !== undefined ? error.originalError : error;
    const { locations, path } = formatted;
    if (cause instanceof MatrixError) {
      return { message: cause.message, locations, path, extensions: matrixExtensions(cause) };
    }
    if (isClientFault(formatted)) {
      return { message: formatted.message, locations, path, extensions: { code: formatted.extensions!['code'] } };
    }
    const requestId = newId();
    report(cause, requestId);
    return {
      message: 'Internal server error',
      locations,
      path,
      extensions: { code: 'INTERNAL_SERVER_ERROR', errcode: 'M_UNKNOWN', requestId },
    };
  };
}

/** The `extensions` of a Matrix refusal. */
export function matrixExtensions(error: MatrixError): Record<string, unknown> {
  const retry = error.extra['retry_after_ms'];
  return {
    code: codeOf[error.errcode] ?? 'BAD_USER_INPUT',
    errcode: error.errcode,
    ...(retry === undefined ? {} : { retryAfterMs: retry }),
  };
}

const clientFaults = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
]);

const isClientFault = (error: GraphQLFormattedError): boolean => clientFaults.has(String(error.extensions?.['code']));
