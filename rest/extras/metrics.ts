import { Router, type Router as RouterType } from 'express';

/** Whoever counts; prints in a text format of Prometheus. */
export interface MetricsSource {
  readonly contentType: string;
  print(): Promise<string>;
}

/** `GET /metrics` for Prometheus. */
export function metricsRoutes(source: MetricsSource): RouterType {
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    const text = await source.print();
    response.set('Content-Type', source.contentType).set('Cache-Control', 'no-store').send(text);
  });
  return router;
}
