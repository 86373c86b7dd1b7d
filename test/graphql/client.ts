import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';

export const CLIENT_PATH = '/_trellis/graphql';
export const ADMIN_PATH = '/_trellis/admin/graphql';

export interface GraphqlAnswer<T> {
  readonly status: number;
  readonly data?: T | null;
  readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}

/** Runs one operation over HTTP. */
export async function graphql<T>(
  url: string,
  token: string | undefined,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphqlAnswer<T>> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return { status: response.status, ...((await response.json()) as object) };
}

/** A WebSocket client of the same endpoint, which does not reconnect. */
export const socketClient = (url: string, token: string, onClosed?: (code: number) => void): Client =>
  createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${token}` },
    on: { closed: (event) => onClosed?.((event as { code: number }).code) },
  });
