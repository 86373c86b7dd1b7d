import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from '#kernel/logger';

/** Answers what no part of the server knows, in Matrix' own form: there is nothing here for browsers to render. */
export const unknownPaths: RequestHandler = (_request, response) => {
  response.status(404).set('Access-Control-Allow-Origin', '*');
  response.json({ errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' });
};

/** Answers faults of the parts that do not answer their own; the client learns nothing of them. */
export function lastFaults(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const status = statusOf(error);
    if (status === 500) logger.error({ error }, 'A request failed');
    if (response.headersSent) response.destroy();
    else if (status === 500) response.status(500).json({ errcode: 'M_UNKNOWN', error: 'Internal server error' });
    else response.status(status).json({ errcode: 'M_UNRECOGNIZED', error: 'Bad request' });
  };
}

/** Express itself refuses some requests, as paths with bad escapes, with a status on the error. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
