/** Web clients live on any origin. Spec: client-server "Web Browser Clients", identity service "Web browser clients". */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, DELETE, OPTIONS',
  'Access-Control-Allow-Headers': 'X-Requested-With, Content-Type, Authorization',
  'Access-Control-Expose-Headers': 'Retry-After',
};

/** A preflight is asked again after a day. */
export const PREFLIGHT_HEADERS: Readonly<Record<string, string>> = {
  ...CORS_HEADERS,
  'Access-Control-Max-Age': '86400',
};

const SERVERS_ONLY = ['/_matrix/federation/', '/_matrix/key/', '/_matrix/policy/', '/_matrix/app/', '/_matrix/push/'];

/** True for paths that browsers may ask: all but those between servers. Unknown paths count, so that errors can be read. */
export function isBrowserPath(path: string): boolean {
  return !SERVERS_ONLY.some((prefix) => path.startsWith(prefix));
}
