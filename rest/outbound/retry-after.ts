import type { JsonObject } from '#kernel/json';

/**
 * How long an answer asks to be left alone, in milliseconds; 0 when it does not say. The header counts before the body's
 * deprecated `retry_after_ms`. Spec: client-server API, "Rate limiting"; RFC 9110, section 10.2.3.
 */
export function retryAfter(header: string | undefined, body: JsonObject, now: number): number {
  const inBody = body['retry_after_ms'];
  const fromBody = typeof inBody === 'number' && inBody > 0 ? inBody : 0;
  if (header === undefined) return fromBody;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? fromBody : Math.max(date - now, 0);
}
