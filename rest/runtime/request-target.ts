/** A request line's target and its two halves, all as they came: nothing is decoded here. */
export interface RequestTarget {
  /** Path and query, which signatures of other servers cover: a question mark with nothing behind it is part of it. */
  readonly uri: string;
  readonly path: string;
  /** Without the question mark; empty when there is none. */
  readonly query: string;
}

/** Splits a request target. Proxies may send the absolute form, whose scheme and host are dropped. */
export function splitTarget(url: string): RequestTarget {
  const uri = url.charCodeAt(0) === 47 ? url : withoutOrigin(url);
  const mark = uri.indexOf('?');
  return mark < 0 ? { uri, path: uri, query: '' } : { uri, path: uri.slice(0, mark), query: uri.slice(mark + 1) };
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
