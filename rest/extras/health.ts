import { Router } from 'express';

export interface Health {
  /** True while the server takes requests: storage answers, and no shutdown has begun. */
  isReady(): Promise<boolean>;
}

/**
 * `/health/live`: the process runs. `/health/ready`: requests may be sent here. `/health` is the same as ready, for load
 * balancers of other servers' setups.
 */
export function healthRoutes(health: Health): Router {
  const router = Router();
  router.get('/health/live', (_request, response) => {
    response.type('text/plain').send('OK');
  });
  router.get(['/health', '/health/ready'], async (_request, response) => {
    const ready = await health.isReady();
    response
      .status(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'OK' : 'not ready');
  });
  return router;
}
