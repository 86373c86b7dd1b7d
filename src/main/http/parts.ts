import { join } from 'node:path';
import type { Domain } from '#domain/domain';
import { apiDocsRoutes } from '#rest/extras/api-docs';
import { authFallbackRoutes } from '#rest/extras/auth-fallback';
import { healthRoutes } from '#rest/extras/health';
import { loginFallbackRoutes } from '#rest/extras/login-fallback';
import { metricsRoutes } from '#rest/extras/metrics';
import type { Machinery } from '../machinery';
import { packageRoot } from '../package-root';
import type { HttpPart } from './app';
import { graphqlPart } from './graphql-part';
import { doorLimits } from './limits';
import { restPart } from './rest-part';

/** Everything the listeners can serve, the busiest first. */
export async function httpParts(machinery: Machinery, domain: Domain): Promise<HttpPart[]> {
  const { metrics, shutdown, storage } = machinery;
  const limits = doorLimits(machinery.config);
  const isReady = async () => !shutdown.signal.aborted && (await storage.get('SELECT 1 AS one')) !== undefined;
  return [
    restPart(machinery, domain, limits),
    { resources: ['client'], handler: () => authFallbackRoutes(domain) },
    { resources: ['client'], handler: () => loginFallbackRoutes() },
    await graphqlPart(machinery, domain, limits.graphql),
    { resources: ['client'], handler: () => apiDocsRoutes(join(packageRoot, 'rest', 'generated', 'bundles')) },
    { resources: ['health'], handler: () => healthRoutes({ isReady: () => isReady().catch(() => false) }) },
    { resources: ['metrics'], handler: () => metricsRoutes(metrics) },
  ];
}
