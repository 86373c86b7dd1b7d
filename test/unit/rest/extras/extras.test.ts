import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Script } from 'node:vm';
import express, { type RequestHandler } from 'express';
import { silentLogger } from '#kernel/logger';
import { apiDocsRoutes } from '#rest/extras/api-docs';
import { healthRoutes } from '#rest/extras/health';
import { lastFaults, unknownPaths } from '#rest/extras/last-resort';
import { metricsRoutes } from '#rest/extras/metrics';

const BUNDLES = join(__dirname, '../../../../rest/generated/bundles');

describe('beside the specifications', () => {
  let server: Server;
  const serve = async (...handlers: RequestHandler[]) => {
    const app = express().use(...handlers, unknownPaths);
    app.use(lastFaults(silentLogger));
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  };
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    [true, 200, 'ok'],
    [false, 503, 'unavailable'],
  ])('readiness is %s', async (ready, status, text) => {
    const get = await serve(healthRoutes({ isReady: async () => ready }));
    const answer = await get('/health/ready');
    expect([answer.status, await answer.json()]).toEqual([status, { status: text }]);
    expect((await get('/health/live')).status).toBe(200);
  });

  it('metrics come as their source prints them', async () => {
    const get = await serve(metricsRoutes({ contentType: 'text/plain; version=0.0.4', print: async () => 'up 1\n' }));
    const answer = await get('/metrics');
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      'up 1\n',
    ]);
  });

  it('the viewer loads nothing from elsewhere and runs only its own script', async () => {
    const get = await serve(apiDocsRoutes(BUNDLES));
    const answer = await get('/api-docs');
    const html = await answer.text();
    const policy = answer.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(policy).toContain("default-src 'none'");
    expect(() => new Script(/<script[^>]*>([^]*)<\/script>/.exec(html)?.[1] ?? 'no script')).not.toThrow();
    expect(html).not.toMatch(/https?:\/\/|innerHTML/);
    expect(await (await get('/api-docs')).text()).not.toContain(`nonce="${nonce}"`);
  });

  it('the viewer is given every bundle', async () => {
    const get = await serve(apiDocsRoutes(BUNDLES));
    const list = (await (await get('/api-docs/index.json')).json()) as { file: string; operations: number }[];
    expect(list.length).toBeGreaterThanOrEqual(5);
    for (const { file, operations } of list) {
      const { paths } = (await (await get(`/api-docs/${file}`)).json()) as { paths: Record<string, object> };
      expect(Object.values(paths).flatMap((item) => Object.keys(item)).length).toBeGreaterThan(0);
      expect(operations).toBeGreaterThan(0);
    }
  });

  it.each(['/api-docs/none.json', '/api-docs/..%2findex.ts', '/api-docs/%2e%2e%2f%2e%2e%2fpackage.json', '/else'])(
    '%s is not known',
    async (path) => {
      const get = await serve(apiDocsRoutes(BUNDLES));
      const answer = await get(path);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' },
      ]);
    },
  );

  it('faults say nothing of themselves', async () => {
    const get = await serve(() => {
      throw new Error('SELECT secret');
    });
    const answer = await get('/');
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { errcode: 'M_UNKNOWN', error: 'Internal server error' },
    ]);
  });

  it('paths with bad escapes are refused', async () => {
    const get = await serve(apiDocsRoutes(BUNDLES));
    expect((await get('/api-docs/%zz')).status).toBe(400);
  });
});
