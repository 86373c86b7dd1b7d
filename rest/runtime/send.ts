import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isJsonObject } from '#kernel/json';
import type { HttpReply } from './call';
import { CORS_HEADERS } from './cors';

type Headers = Readonly<Record<string, string>>;

const JSON_HEADERS: Headers = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

/** The same as names and values in turn, which Node writes as they are; of an object it would look at every member anew. */
const JSON_LIST = listOf(JSON_HEADERS);
const BROWSER_JSON_LIST = listOf({ ...CORS_HEADERS, ...JSON_HEADERS });

/**
 * Sends a JSON value. Nothing of an API's answers may be kept by caches: most depend on who asks.
 * @param browser whether web clients of any origin may read it
 */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  browser: boolean,
  more: Headers = {},
): void {
  const text = JSON.stringify(value);
  const list = browser ? BROWSER_JSON_LIST : JSON_LIST;
  response.writeHead(status, [...list, 'Content-Length', String(Buffer.byteLength(text)), ...listOf(more)]);
  response.end(text);
}

/** Sends what a delegate made of it: JSON, bytes, a stream, or nothing. Its headers win over the door's. */
export async function sendReply(response: ServerResponse, reply: HttpReply, browser: boolean): Promise<void> {
  const { status, body } = reply;
  const all = merged(merged(browser ? CORS_HEADERS : {}, { 'X-Content-Type-Options': 'nosniff' }), reply.headers ?? {});
  if (body === undefined || body === null) {
    response.writeHead(status, { ...all, 'Content-Length': '0' }).end();
  } else if (body instanceof Readable) {
    response.writeHead(status, all);
    await pipeline(body, response);
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(status, { ...all, 'Content-Length': String(Buffer.byteLength(body)) }).end(body);
  } else {
    const text = JSON.stringify(body);
    response
      .writeHead(status, { ...merged(JSON_HEADERS, all), 'Content-Length': String(Buffer.byteLength(text)) })
      .end(text);
  }
}

/** True for an {@link HttpReply} where an operation may also answer plain JSON: it has a numeric status and no more. */
export function isHttpReply(reply: unknown): reply is HttpReply {
  if (!isJsonObject(reply) || !Number.isInteger(reply['status'])) return false;
  return Object.keys(reply).every((key) => key === 'status' || key === 'headers' || key === 'body');
}

/** Lets go of an answer that nobody waits for any more: an open file must not stay open. */
export function discard(reply: unknown): void {
  if (isHttpReply(reply) && reply.body instanceof Readable) reply.body.destroy();
}

/** Header names are the same in any case. */
function merged(under: Headers, over: Headers): Record<string, string> {
  const names = new Set(Object.keys(over).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(under).filter(([name]) => !names.has(name.toLowerCase()))), ...over };
}

function listOf(headers: Headers): string[] {
  return Object.entries(headers).flat();
}
