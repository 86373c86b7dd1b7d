import type { IdentityServerKeys } from '#domain/federation-inbound';
import { UnreachableServerError } from '#domain/federation';
import { isJsonObject } from '#kernel/json';
import { targetOf, type HttpOut, type OutgoingResponse } from '#platform/http-out/http-out';
import { OutgoingError } from '#platform/http-out/outgoing-error';

const LIMITS = { bytes: 16 * 1024, totalMs: 15_000, headersMs: 10_000, idleMs: 5_000, redirects: 3 };

/**
 * Asks identity servers whether keys are still good, at the URLs that invites by address name.
 * Spec: identity service API, `GET /pubkey/isvalid`.
 */
export const identityServerKeys = (http: Pick<HttpOut, 'fetch'>): IdentityServerKeys => ({
  async isValid(validityUrl, publicKey) {
    const url = webUrl(validityUrl);
    if (url === undefined) return false;
    url.searchParams.set('public_key', publicKey);
    const { status, body } = await fetchJson(http, url);
    if (status >= 500 || status === 429) throw new UnreachableServerError(url.host, `${url.host} answers ${status}`);
    return status === 200 && saysValid(body);
  },
});

/** A URL of the web without a password; undefined for everything else. */
function webUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '';
  return isPlain && (url.protocol === 'https:' || url.protocol === 'http:') ? url : undefined;
}

async function fetchJson(http: Pick<HttpOut, 'fetch'>, url: URL): Promise<OutgoingResponse<Buffer>> {
  const headers = { accept: 'application/json' };
  try {
    return await http.fetch({
      method: 'GET',
      target: targetOf(url),
      path: url.pathname + url.search,
      headers,
      limits: LIMITS,
    });
  } catch (error) {
    if (!(error instanceof OutgoingError)) throw error;
    const timedOut = error.problem === 'timeout';
    throw new UnreachableServerError(url.host, `${url.host}: ${error.message}`, { timedOut, cause: error });
  }
}

function saysValid(body: Buffer): boolean {
  try {
    const answer = JSON.parse(body.toString('utf8')) as unknown;
    return isJsonObject(answer) && answer['valid'] === true;
  } catch {
    return false;
  }
}
