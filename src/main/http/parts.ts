import type { Domain } from '#domain/domain';
import { healthRoutes } from '#rest/extras/health';
import { metricsRoutes } from '#rest/extras/metrics';
import type { Machinery } from '../machinery';
import type { HttpPart } from './app';
import { restPart } from './rest-part';

/** Everything the listeners can serve, the busiest first. */
export function httpParts(machinery: Machinery, domain: Domain): HttpPart[] {
  const { metrics, shutdown, storage } = machinery;
  const isReady = async () => !shutdown.signal.aborted && (await storage.get('SELECT 1 AS one')) !== undefined;
  return [
    restPart(machinery, domain),
    { resources: ['health'], handler: () => healthRoutes({ isReady: () => isReady().catch(() => false) }) },
    { resources: ['metrics'], handler: () => metricsRoutes(metrics) },
  ];
}
