import { LRUCache } from 'lru-cache';
import { isJsonObject } from '#kernel/json';
import { readServerName } from '#kernel/server-names';
import type { Clock } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { HttpOut, OutgoingResponse } from '#platform/http-out/http-out';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEFAULT_LIFE = 24 * HOUR;
const LONGEST_LIFE = 48 * HOUR;
const SHORTEST_LIFE = 5 * MINUTE;
const LONGEST_ERROR = HOUR;
const FIRST_ERROR = MINUTE;
const MAX_HOSTS = 10_000;
const LIMITS = { bytes: 50 * 1024, totalMs: 15_000, headersMs: 10_000, idleMs: 5_000, redirects: 5 };

/** What is known of one host's file. */
interface Entry {
  /** The `m.server` of the file; undefined when there is no usable one. */
  readonly delegated: string | undefined;
  readonly expires: number;
  /** Failures in a row. */
  readonly failures: number;
  /** Until when an older answer may stand in for a failing one: 48 hours from its fetch. */
  readonly trustedUntil: number;
}

/** What one request brought: the server named, or why not. */
type Outcome = { readonly delegated: string; readonly lifeMs: number } | { readonly permanent: boolean };

/**
 * `/.well-known/matrix/server` of other hosts, cached: good answers as long as their headers say (5 minutes to 48 hours, 24
 * hours by default), errors up to an hour, longer each time. Spec: server-server, "Resolving server names", 3.
 */
export class WellKnown {
  private readonly entries = new LRUCache<string, Entry>(atMost(MAX_HOSTS));
  private readonly underWay = new Map<string, Promise<Entry>>();

  constructor(
    private readonly http: Pick<HttpOut, 'fetch'>,
    private readonly now: Clock,
  ) {}

  /** The server that a host names for its domain; undefined when it names none. Never rejects. */
  async delegate(host: string): Promise<string | undefined> {
    const name = host.toLowerCase();
    const known = this.entries.get(name);
    if (known !== undefined && known.expires > this.now()) return known.delegated;
    const running = this.underWay.get(name) ?? this.refresh(name, known);
    return (await running).delegated;
  }

  private refresh(host: string, known: Entry | undefined): Promise<Entry> {
    const running = this.fetch(host)
      .then((outcome) => this.judge(outcome, known))
      .then((entry) => {
        this.entries.set(host, entry);
        return entry;
      })
      .finally(() => this.underWay.delete(host));
    this.underWay.set(host, running);
    return running;
  }

  private async fetch(host: string): Promise<Outcome> {
    const target = { scheme: 'https', host, port: 443 } as const;
    const headers = { accept: 'application/json' };
    try {
      const path = '/.well-known/matrix/server';
      const response = await this.http.fetch({ method: 'GET', target, path, headers, limits: LIMITS });
      const delegated = response.status === 200 ? serverIn(response.body) : undefined;
      if (delegated === undefined) return { permanent: response.status < 500 && response.status !== 429 };
      return { delegated, lifeMs: lifeOf(response, this.now()) };
    } catch {
      return { permanent: false };
    }
  }

  private judge(outcome: Outcome, known: Entry | undefined): Entry {
    const now = this.now();
    if ('delegated' in outcome) {
      const { delegated, lifeMs } = outcome;
      return { delegated, expires: now + lifeMs, failures: 0, trustedUntil: now + LONGEST_LIFE };
    }
    const failures = (known?.failures ?? 0) + 1;
    const wait = outcome.permanent ? LONGEST_ERROR : Math.min(FIRST_ERROR * 2 ** (failures - 1), LONGEST_ERROR);
    const trustedUntil = outcome.permanent ? 0 : (known?.trustedUntil ?? 0);
    const delegated = trustedUntil > now ? known?.delegated : undefined;
    return { delegated, expires: now + wait, failures, trustedUntil };
  }
}

function serverIn(body: Buffer): string | undefined {
  try {
    const file = JSON.parse(body.toString('utf8')) as unknown;
    const server = isJsonObject(file) ? file['m.server'] : undefined;
    return typeof server === 'string' && readServerName(server) !== undefined ? server : undefined;
  } catch {
    return undefined;
  }
}

function lifeOf({ headers }: OutgoingResponse<Buffer>, now: number): number {
  const directives = (headers['cache-control'] ?? '').toLowerCase().split(',');
  const maxAge = directives.map((one) => /^\s*max-age\s*=\s*"?(\d{1,10})"?\s*$/.exec(one)?.[1]).find(Boolean);
  const expires = Date.parse(headers['expires'] ?? '');
  let life = DEFAULT_LIFE;
  if (directives.some((one) => /^\s*no-(store|cache)/.test(one))) life = 0;
  else if (maxAge !== undefined) life = Number(maxAge) * 1_000;
  else if (!Number.isNaN(expires)) life = expires - now;
  return Math.min(Math.max(life, SHORTEST_LIFE), LONGEST_LIFE);
}
