import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { Domain } from '#domain/domain';
import { openGraphqlDoor, type Throttle } from '#graphql/index';
import type { Machinery } from '../machinery';
import { packageRoot } from '../package-root';
import type { HttpPart } from './app';

/** The GraphQL APIs over HTTP and WebSockets. */
export async function graphqlPart(machinery: Machinery, domain: Domain, throttle: Throttle): Promise<HttpPart> {
  const { config, log, serverSecret } = machinery;
  const { introspection, max_depth: maxDepth, max_complexity: maxComplexity } = config.graphql;
  const door = await openGraphqlDoor({
    domain,
    logger: log,
    throttle,
    // A key of its own: what signs cursors signs nothing else.
    secret: createHmac('sha256', serverSecret).update('graphql cursors').digest(),
    introspection,
    maxDepth,
    maxComplexity,
    graphiqlFolder: join(packageRoot, 'dist', 'graphiql'),
  });
  return {
    resources: ['graphql'],
    handler: () => door.handler(),
    attach: (server) => door.attach(server),
    stop: () => door.stop(),
  };
}
