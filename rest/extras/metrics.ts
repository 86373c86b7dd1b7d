import { Router } from 'express';
import type { Metrics } from '#platform/telemetry/metrics';

/** `/metrics`, in Prometheus' text format. */
export function metricsRoutes(metrics: Metrics): Router {
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    const text = await metrics.print();
    response.set('content-type', metrics.contentType).send(text);
  });
  return router;
}
