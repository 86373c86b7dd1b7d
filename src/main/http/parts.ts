import type { Domain } from '#domain/domain';
import { healthRoutes } from '#rest/extras/health';
import { metricsRoutes } from '#rest/extras/metrics';
import type { Machinery } from '../machinery';
import type { HttpPart } from './app';

/** Everything the listeners can serve. */
export function httpParts(machinery: Machinery, _domain: Domain): HttpPart[] {
  const { metrics, shutdown, storage } = machinery;
  const isReady = async () => !shutdown.signal.aborted && (await storage.get('SELECT 1 AS one')) !== undefined;
  return [
    { resources: ['health'], routes: () => healthRoutes({ isReady: () => isReady().catch(() => false) }) },
    { resources: ['metrics'], routes: () => metricsRoutes(metrics) },
  ];
}
