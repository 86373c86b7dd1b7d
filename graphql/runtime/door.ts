import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import express, { type RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { Domain } from '#domain/domain';
import type { Logger } from '#kernel/logger';
import type { Throttle } from './context';
import { Cursors } from './cursor';
import { errorFormatter } from './errors';
import { graphiql } from './graphiql';
import type { GraphqlLimits } from './limits';
import { graphqlHttp, type GraphqlHttp } from './server';
import { GraphqlSockets } from './subscriptions';

export interface GraphqlDoorOptions {
  readonly domain: Domain;
  readonly logger: Logger;
  readonly throttle: Throttle;
  /** Signs cursors. */
  readonly secret: Buffer;
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxComplexity: number;
  /** Folder of the built GraphiQL. */
  readonly graphiqlFolder: string;
}

/** A schema and where it is served. The admin schema may cost ten times as much as the client one. */
export interface SchemaMount {
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly costFactor: number;
}

/** The GraphQL door: every schema over HTTP and WebSockets, each with its GraphiQL. */
export class GraphqlDoor {
  private constructor(
    private readonly mounts: readonly { path: string; http: GraphqlHttp; sockets: GraphqlSockets }[],
    private readonly graphiqlFolder: string,
  ) {}

  /** Builds the servers of all schemas. */
  static async open(options: GraphqlDoorOptions, schemas: readonly SchemaMount[]): Promise<GraphqlDoor> {
    const { domain, logger, throttle } = options;
    const cursors = new Cursors(options.secret);
    const report = (error: unknown, requestId: string) =>
      logger.error({ error, requestId }, 'a GraphQL operation failed');
    const formatError = errorFormatter(report, randomUUID);
    const mounts = schemas.map(async ({ path, schema, costFactor }) => {
      const { introspection, maxDepth, maxComplexity } = options;
      const limits: GraphqlLimits = { introspection, maxDepth, maxComplexity: maxComplexity * costFactor };
      const parts = { schema, domain, cursors, throttle, limits, formatError };
      return { path, http: await graphqlHttp(parts), sockets: new GraphqlSockets(parts) };
    });
    return new GraphqlDoor(await Promise.all(mounts), options.graphiqlFolder);
  }

  /** Serves every schema below its path; passes on what is not its own. */
  handler(): RequestHandler {
    const router = express.Router();
    for (const { path, http } of this.mounts) {
      router.use(`${path}/graphiql`, graphiql(this.graphiqlFolder));
      router.use(path, ...http.handlers, http.onError);
    }
    return router;
  }

  /** Takes over WebSocket upgrades at an HTTP server. */
  attach(server: Server): void {
    for (const { path, sockets } of this.mounts) sockets.attach(server, path);
  }

  /** Closes open sockets and finishes running operations. */
  async stop(): Promise<void> {
    await Promise.all(this.mounts.flatMap(({ http, sockets }) => [http.stop(), sockets.stop()]));
  }
}
