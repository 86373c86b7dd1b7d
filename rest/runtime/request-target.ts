/** The two halves of a request line's target, both as they came: nothing is decoded here. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/** Splits a request target. Proxies may send the absolute form, whose scheme and host are dropped. */
export function splitTarget(url: string): RequestTarget {
  const origin = url.charCodeAt(0) === 47 ? url : withoutOrigin(url);
  const mark = origin.indexOf('?');
  return mark < 0 ? { path: origin, query: '' } : { path: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

function withoutOrigin(url: string): string {
  const scheme = url.indexOf('://');
  if (scheme < 0) return url;
  const slash = url.indexOf('/', scheme + 3);
  return slash < 0 ? '/' : url.slice(slash);
}

/** Decodes one percent-encoded text, or gives undefined when it is no UTF-8 or badly escaped. */
export function decodePart(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
