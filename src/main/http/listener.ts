import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import type { Logger } from '#kernel/logger';
import type { ListenerConfig } from '../config/listeners';
import { expressMessages } from './express-messages';
import { followRenewals, readCertificate } from './renewed-certificates';

/** How long requests may take to finish once the server stops. */
const DRAIN_MS = 10_000;
const DRAIN_STEP_MS = 20;

/**
 * Limits against slow and outsized requests. The request timeout covers receiving it, not answering it, so long polls are
 * free of it; uploads of the largest media on a slow line must fit.
 */
const LIMITS: ServerOptions = {
  headersTimeout: 20_000,
  requestTimeout: 600_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 32 * 1024,
  insecureHTTPParser: false,
  joinDuplicateHeaders: false,
};

export interface OpenListener {
  /** As in http://127.0.0.1:8008, with the port that was really taken. */
  readonly url: string;
  readonly server: Server;
  /** Takes no more connections, lets requests finish, then closes what is left. */
  close(): Promise<void>;
}

/** Listens as one `listeners` entry says. Rejects when the address is taken or a certificate cannot be read. */
export async function openListener(config: ListenerConfig, app: Express, log: Logger): Promise<OpenListener> {
  const { server, end } = createHttpServer(config, app, log);
  server.maxRequestsPerSocket = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: config.bind, port: config.port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const scheme = config.tls === null ? 'http' : 'https';
  return { url: `${scheme}://${urlHost(config.bind)}:${port}`, server, close: () => drain(server).finally(end) };
}

function createHttpServer({ tls }: ListenerConfig, app: Express, log: Logger) {
  const options = { ...LIMITS, ...expressMessages(app) };
  if (tls === null) return { server: createServer(options, app), end: () => undefined };
  const certificate = readCertificate(tls);
  const server: Server & TlsServer = createTlsServer({ ...options, ...certificate }, app);
  return { server, end: followRenewals(server, tls, certificate, log) };
}

/** Addresses that mean "everywhere" are reached by the loopback one. */
function urlHost(bind: string): string {
  if (bind === '0.0.0.0') return '127.0.0.1';
  if (bind === '::') return '[::1]';
  return bind.includes(':') ? `[${bind}]` : bind;
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that end a request after close() would idle on until their keep-alive time is over.
  const idle = setInterval(() => server.closeIdleConnections(), DRAIN_STEP_MS);
  const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(force);
}
