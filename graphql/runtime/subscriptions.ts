import type { Server } from 'node:http';
import {
  GraphQLError,
  parse,
  validate,
  specifiedRules,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Domain } from '#domain/domain';
import { bearerToken, contextFor, type GraphqlContext, type Throttle } from './context';
import type { Cursors } from './cursor';
import type { errorFormatter } from './errors';
import { refuseOddJson } from './json-reviver';
import { checkCost, MAX_BODY_BYTES, parseOptions, shapeRules, type GraphqlLimits } from './limits';

/** Subscriptions at once on one connection. */
const MAX_SUBSCRIPTIONS = 20;
/** Close codes: of graphql-ws for a bad start, ours for a token that came to an end. */
const FORBIDDEN = 4403;

export interface SocketOptions {
  readonly schema: GraphQLSchema;
  readonly domain: Domain;
  readonly cursors: Cursors;
  readonly throttle: Throttle;
  readonly limits: GraphqlLimits;
  readonly formatError: ReturnType<typeof errorFormatter>;
}

interface ConnectionExtra extends Record<PropertyKey, unknown> {
  graphql?: GraphqlContext;
  unwatch?: () => void;
  readonly socket: { close(code: number, reason: string): void };
}

/** The WebSocket side of one schema (protocol `graphql-transport-ws`). */
export class GraphqlSockets {
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES });
  private readonly server;

  constructor(private readonly options: SocketOptions) {
    const rules = [...specifiedRules, ...shapeRules(options.limits)];
    this.server = useServer<Record<string, unknown>, ConnectionExtra>(
      {
        schema: options.schema,
        connectionInitWaitTimeout: 5_000,
        jsonMessageReviver: refuseOddJson,
        onConnect: async (connection) => this.connect(connection.connectionParams, connection.extra),
        onDisconnect: ({ extra }) => extra.unwatch?.(),
        onSubscribe: ({ extra, subscriptions }, _id, payload) => {
          if (Object.keys(subscriptions).length > MAX_SUBSCRIPTIONS) {
            const message = `At most ${MAX_SUBSCRIPTIONS} subscriptions fit on one connection`;
            return [asFault(new GraphQLError(message), 'BAD_USER_INPUT')];
          }
          return this.plan(payload, extra.graphql!, rules);
        },
        onError: (_connection, _id, _payload, errors) => errors.map((error) => this.format(error)),
        onNext: (_connection, _id, _payload, _args, result) => {
          if (result.errors === undefined) return undefined;
          return { ...result, errors: result.errors.map((error) => this.format(error)) };
        },
      },
      this.sockets,
    );
  }

  /** Takes over upgrade requests for `path` at an HTTP server. */
  attach(http: Server, path: string): void {
    http.on('upgrade', (request, socket, head) => {
      if ((request.url ?? '').split('?')[0] !== path) return;
      this.sockets.handleUpgrade(request, socket, head, (client) => this.sockets.emit('connection', client, request));
    });
  }

  /** Closes every connection (1001, going away). */
  async stop(): Promise<void> {
    await this.server.dispose();
  }

  /** Authenticates a connection by the token in its parameters; one that ends closes it with 4403. */
  private async connect(
    params: Readonly<Record<string, unknown>> | undefined,
    extra: ConnectionExtra,
  ): Promise<boolean> {
    const { domain } = this.options;
    const header = params?.['authorization'] ?? params?.['Authorization'];
    const token = bearerToken(typeof header === 'string' ? header : undefined);
    const context = token === undefined ? undefined : await contextFor(this.options, token).catch(() => undefined);
    if (context?.requester === undefined) return false;
    extra.graphql = context;
    extra.unwatch = domain.sessions.onEnded(context.requester.tokenId, () =>
      extra.socket.close(FORBIDDEN, 'The session has ended'),
    );
    return true;
  }

  /** Parses, validates and prices an operation before it runs. */
  private plan(
    payload: SubscribePayload,
    context: GraphqlContext,
    rules: Parameters<typeof validate>[2],
  ): ExecutionArgs | GraphQLError[] {
    const { schema, limits, domain, cursors } = this.options;
    try {
      const document = parse(payload.query, parseOptions);
      const errors = validate(schema, document, rules);
      if (errors.length > 0) return errors.map((error) => asFault(error, 'GRAPHQL_VALIDATION_FAILED'));
      const { operationName, variables } = payload;
      checkCost(
        schema,
        { document, variables: variables ?? undefined, operationName: operationName ?? undefined },
        limits,
      );
      // Fresh loaders: what an operation reads is not older than the operation.
      const contextValue = { ...context, loaders: context.loaders.fresh(domain), cursors };
      return { schema, document, operationName, variableValues: variables, contextValue };
    } catch (error) {
      const unread = new GraphQLError('The operation could not be read');
      return [asFault(error instanceof GraphQLError ? error : unread, 'GRAPHQL_PARSE_FAILED')];
    }
  }

  private format(error: GraphQLError): GraphQLFormattedError {
    return this.options.formatError(error.toJSON(), error);
  }
}

/** The client's fault under a code that says so, unless it has one: what has none counts as a fault of ours. */
function asFault(error: GraphQLError, code: string): GraphQLError {
  if (error.extensions['code'] !== undefined) return error;
  const { nodes, source, positions, path } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: { code } });
}
