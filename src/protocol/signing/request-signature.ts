import type { JsonValue } from '#kernel/json';

import { canonicalJson, canonicalString } from '../canonical-json';

/** What one `Authorization: X-Matrix` header says. */
export interface RequestSignature {
  readonly origin: string;
  /** Absent from servers older than v1.3. */
  readonly destination: string | undefined;
  readonly keyId: string;
  readonly signature: string;
}

/** The parts of a request that its signature covers. */
export interface SignedParts {
  readonly method: string;
  /** Path and query as sent. */
  readonly uri: string;
  readonly origin: string;
  readonly destination: string | undefined;
  /** The body; undefined when there is none. */
  readonly content: JsonValue | undefined;
}

const SCHEME = /^x-matrix +/i;
const PARAMETER =
  /[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*)))?[ \t]*(,|$)/y;
const MAX_HEADER = 2_048;

/**
 * Reads a header as servers of all ages write it: names in any case and order, values quoted or bare (colons allowed),
 * backslash escapes. Undefined when it is malformed, names a parameter twice or lacks one that is needed.
 * Spec: server-server, "Request Authentication"; RFC 9110, 11.4.
 */
export function parseRequestSignature(header: string): RequestSignature | undefined {
  const scheme = SCHEME.exec(header);
  if (scheme === null || header.length > MAX_HEADER) return undefined;
  const parameters = parseParameters(header, scheme[0].length);
  const [origin, keyId, signature] = ['origin', 'key', 'sig'].map((name) => parameters?.get(name));
  if (origin === undefined || keyId === undefined || signature === undefined) return undefined;
  return { origin, destination: parameters?.get('destination'), keyId, signature };
}

function parseParameters(header: string, start: number): Map<string, string> | undefined {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = start;
  while (PARAMETER.lastIndex < header.length) {
    const match = PARAMETER.exec(header);
    if (match === null) return undefined;
    const [, name, quoted, bare] = match;
    // An empty list element, which RFC 9110 lets pass.
    if (name === undefined) continue;
    const lower = name.toLowerCase();
    if (found.has(lower)) return undefined;
    found.set(lower, quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'));
  }
  return found;
}

/** Writes the header in the one form that every server reads. The values must need no escapes, as all valid ones do. */
export function printRequestSignature({ origin, destination, keyId, signature }: RequestSignature): string {
  const to = destination === undefined ? '' : `destination="${destination}",`;
  return `X-Matrix origin="${origin}",${to}key="${keyId}",sig="${signature}"`;
}

/**
 * The text that a request's signature covers: canonical JSON of its parts. Events of old rooms may hold numbers that
 * canonical JSON forbids; they are written as their servers write them. Throws BadJsonError for what is no JSON.
 */
export function requestText({ method, uri, origin, destination, content }: SignedParts): string {
  const body = content === undefined ? '' : `"content":${canonicalJson(content, { strict: false })},`;
  const to = destination === undefined ? '' : `"destination":${canonicalString(destination)},`;
  const rest = `"method":${canonicalString(method)},"origin":${canonicalString(origin)},"uri":${canonicalString(uri)}`;
  return `{${body}${to}${rest}}`;
}
