import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { Domain } from '#domain/domain';
import { bearerToken, contextFor, type GraphqlContext, type Throttle } from './context';
import type { Cursors } from './cursor';
import type { errorFormatter } from './errors';
import { refuseOddJson } from './json-reviver';
import { costPlugin, MAX_BODY_BYTES, parseOptions, shapeRules, type GraphqlLimits } from './limits';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly domain: Domain;
  readonly cursors: Cursors;
  readonly throttle: Throttle;
  readonly limits: GraphqlLimits;
  readonly formatError: ReturnType<typeof errorFormatter>;
}

/** One schema over HTTP: a handler for its path, and what stops it. */
export interface GraphqlHttp {
  readonly handlers: RequestHandler[];
  readonly onError: ErrorRequestHandler;
  stop(): Promise<void>;
}

/** Makes the Apollo server of one schema. Batching is off, CSRF prevention on, introspection only with a token. */
export async function graphqlHttp(options: GraphqlOptions): Promise<GraphqlHttp> {
  const { schema, limits, formatError } = options;
  const apollo = new ApolloServer<GraphqlContext>({
    schema,
    introspection: limits.introspection,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    validationRules: shapeRules(limits),
    parseOptions,
    formatError,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    plugins: [costPlugin(schema, limits), ApolloServerPluginLandingPageDisabled()],
  });
  await apollo.start();
  return {
    handlers: [
      express.json({ limit: MAX_BODY_BYTES, reviver: refuseOddJson }),
      expressMiddleware(apollo, {
        context: async ({ req }) => contextFor(options, bearerToken(req.headers.authorization)),
      }),
    ],
    onError: bodyErrors,
    stop: () => apollo.stop(),
  };
}

/** A body that is too large or no JSON, answered in GraphQL's shape. */
const bodyErrors: ErrorRequestHandler = (error: { status?: number; type?: string }, _request, response, next) => {
  if (response.headersSent || error.status === undefined || error.status >= 500) return next(error);
  const errcode = error.status === 413 ? 'M_TOO_LARGE' : 'M_NOT_JSON';
  const message = error.status === 413 ? 'The request body is too large' : 'The request body is not JSON';
  response.status(error.status).json({ errors: [{ message, extensions: { code: 'BAD_REQUEST', errcode } }] });
};
