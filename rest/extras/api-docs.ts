import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Router, type Request, type Response, type Router as RouterType } from 'express';
import { viewerPage } from './api-docs-page';

/**
 * `/api-docs`: a viewer for people; `/api-docs/index.json` and `/api-docs/<api>.json`: the bundled OpenAPI documents for
 * programs, open to other origins.
 * @param folder where the generator put the bundles
 */
export function apiDocsRoutes(folder: string): RouterType {
  const router = Router();
  router.get('/api-docs', showViewer);
  router.get('/api-docs/:file', async (request, response, next) => {
    const { file } = request.params;
    const text = await bundle(folder, file);
    if (text === undefined) return next();
    response.set({ 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }).send(text);
  });
  return router;
}

function showViewer(_request: Request, response: Response): void {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  response.set({
    'Content-Security-Policy': policy.join('; '),
    'Content-Type': 'text/html; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  response.send(viewerPage(nonce));
}

/** A bundle's text; undefined for any name but those the generator writes. */
async function bundle(folder: string, file: string): Promise<string | undefined> {
  if (!/^[a-z-]+\.json$/.test(file)) return undefined;
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
