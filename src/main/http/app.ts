import type { Server } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from '#kernel/logger';
import { lastFaults, unknownPaths } from '#rest/extras/last-resort';
import type { ListenerConfig, Resource } from '../config/listeners';

/** Something a listener can serve: mounted where one of its resources is listed. */
export interface HttpPart {
  readonly resources: readonly Resource[];
  /** The part's handler at one listener; it passes on what is not its own. */
  handler(listener: ListenerConfig): RequestHandler;
  /** Takes over WebSocket upgrades at a listener that serves the part. */
  attach?(server: Server): void;
  /** Ends what the part keeps open beside requests. */
  stop?(): Promise<void>;
}

/** Whether a listener serves the part. */
export const isServedAt = (part: HttpPart, listener: ListenerConfig): boolean =>
  part.resources.some((resource) => listener.resources.includes(resource));

/** The Express application of one listener. Parts are asked in order; what none of them knows is 404 in Matrix' form. */
export function createApp(listener: ListenerConfig, parts: readonly HttpPart[], log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('trust proxy', listener.trusted_proxies.length === 0 ? false : listener.trusted_proxies);
  for (const part of parts) {
    if (isServedAt(part, listener)) app.use(part.handler(listener));
  }
  app.use(unknownPaths, lastFaults(log));
  return app;
}
