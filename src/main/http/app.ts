import express, { type Express, type Router } from 'express';
import type { ListenerConfig, Resource } from '../config/listeners';

/** Something a listener can serve: mounted where its resource is listed. */
export interface HttpPart {
  readonly resources: readonly Resource[];
  /** Gets the listener's resources, for parts that serve some of their routes by resource. */
  routes(served: ReadonlySet<Resource>): Router;
}

/** The Express application of one listener. Parts are asked in order; the last answers what nobody knows. */
export function createApp(listener: ListenerConfig, parts: readonly HttpPart[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('trust proxy', listener.trusted_proxies.length === 0 ? false : listener.trusted_proxies);
  const served = new Set(listener.resources);
  for (const part of parts) {
    if (part.resources.some((resource) => served.has(resource))) app.use(part.routes(served));
  }
  return app;
}
