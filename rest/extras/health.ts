import { Router, type Router as RouterType } from 'express';

export interface Health {
  /** Resolves to false while the server cannot serve: its database is away, or it is stopping. */
  isReady(): Promise<boolean>;
}

/** `/health/live`: the process answers. `/health/ready`: it can serve; 503 while it cannot, for load balancers. */
export function healthRoutes(health: Health): RouterType {
  const router = Router();
  router.get('/health/live', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/health/ready', async (_request, response) => {
    const ready = await health.isReady();
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ok' : 'unavailable' });
  });
  return router;
}
