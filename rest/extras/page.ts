import { createHash } from 'node:crypto';
import type { Response } from 'express';

/** A small page for people: what it says is escaped, what it runs is pinned by its hash. */
export interface Page {
  readonly title: string;
  /** HTML made with {@link html}. */
  readonly body: Html;
  /** A script of our own, without anything of the request in it. */
  readonly script?: string;
}

/** HTML whose inserted values are escaped. Only {@link html} makes it. */
export class Html {
  constructor(readonly text: string) {}
}

/** A template of HTML: every value that is not {@link Html} itself is escaped. Lists of HTML are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const inserted = values.map((value) => {
    if (typeof value === 'string') return escape(value);
    return value instanceof Html ? value.text : value.map(({ text }) => text).join('');
  });
  return new Html(String.raw({ raw: parts }, ...inserted));
}

const STYLE = 'body{font:1rem/1.5 sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}input{font:inherit}';

/** Sends a page that no other site can frame and that runs nothing but its own script. */
export function sendPage(response: Response, status: number, { title, body, script = '' }: Page): void {
  const policy = [
    "default-src 'none'",
    `style-src ${hashSource(STYLE)}`,
    script === '' ? '' : `script-src ${hashSource(script)}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  response.status(status).set({
    'Content-Security-Policy': policy.filter((part) => part !== '').join('; '),
    'Content-Type': 'text/html; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  const code = script === '' ? '' : `<script>${script}</script>`;
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>${STYLE}</style>`;
  response.send(`<!doctype html><html lang="en"><head>${head}<title>${escape(title)}</title></head>
<body><h1>${escape(title)}</h1>${body.text}${code}</body></html>`);
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
