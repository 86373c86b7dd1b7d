import { LRUCache } from 'lru-cache';
import { firstToHelp, type HedgedQuestion } from '#kernel/hedged';
import { now } from '#kernel/time';
import { atMost } from '#platform/cache/at-most';
import type { RoomInfo } from '../../room-state';
import type { RoomServers } from '../ingest.ports';

/** Servers asked about one gap, beside the one that brought what follows it. */
const OTHERS = 3;
/** How long one server may keep one gap waiting, in all, before others are asked beside it. */
const PATIENCE_MS = 5_000;
/** How long all of them are waited for about one gap: a large room's state takes its time. */
const TOTAL_MS = 120_000;
/** Questions that others are asked because of what one server brings: at once, and how many more each second. */
const BURST = 60;
const MORE_A_SECOND = 1;

/** What is asked about, and whom it concerns. */
export interface InquirySubject {
  readonly room: RoomInfo;
  /** Who brought the event that follows the gap, and must have what it follows. */
  readonly bringer?: string | undefined;
  /** Who is the likeliest of the others to know. */
  readonly likeliest?: string | undefined;
  /** Counts the tries: each asks other servers, as long as there are others. */
  readonly turn?: number;
}

export interface InquiriesParts {
  readonly servers: () => Pick<RoomServers, 'serversToAsk'>;
  /** Whether a room's ACL lets a server take part. */
  readonly allows: (room: RoomInfo, server: string) => Promise<boolean>;
}

/** Asks the servers of rooms about gaps: the one that brought the event first, and others when it does not help. */
export class Inquiries {
  private readonly ending = new AbortController();
  private readonly allowances = new LRUCache<string, { left: number; at: number }>(atMost(5_000));

  constructor(private readonly parts: InquiriesParts) {}

  open(subject: InquirySubject): Inquiry {
    const { room, bringer } = subject;
    return new Inquiry(subject, {
      findOthers: () => this.others(subject),
      mayAskOthers: () => this.mayAskOthers(bringer ?? room.roomId),
      signal: this.ending.signal,
    });
  }

  /** Asks nobody any more; whoever waits for an answer gets none. */
  stop(): void {
    this.ending.abort();
  }

  private async others({ room, bringer, likeliest, turn = 0 }: InquirySubject): Promise<string[]> {
    const known = await this.parts.servers().serversToAsk(room, (turn + 1) * OTHERS + 1, likeliest);
    const allowed = await Promise.all(known.map((server) => this.parts.allows(room, server)));
    const others = known.filter((server, index) => server !== bringer && allowed[index]);
    const from = others.length === 0 ? 0 : (turn * OTHERS) % others.length;
    return others.slice(from, from + OTHERS);
  }

  /** One that brings what follows nothing could have us ask others without end. SECURITY: row 36. */
  private mayAskOthers(because: string): boolean {
    const { left, at } = this.allowances.get(because) ?? { left: BURST, at: now() };
    const grown = Math.min(BURST, left + ((now() - at) / 1_000) * MORE_A_SECOND);
    const may = grown >= 1;
    this.allowances.set(because, { left: may ? grown - 1 : grown, at: now() });
    return may;
  }
}

/**
 * What is asked about one gap. A server that stalls, or answers each time just before we lose patience, keeps the gap waiting
 * for {@link PATIENCE_MS} in all: from then on the next one is asked beside it.
 */
export class Inquiry {
  private readonly until = now() + TOTAL_MS;
  /** Milliseconds, by server. Questions come one after another. */
  private readonly waited = new Map<string, number>();
  private others: Promise<string[]> | undefined;

  constructor(
    private readonly subject: InquirySubject,
    private readonly means: {
      readonly findOthers: () => Promise<string[]>;
      readonly mayAskOthers: () => boolean;
      readonly signal: AbortSignal;
    },
  ) {}

  get room(): RoomInfo {
    return this.subject.room;
  }

  get bringer(): string | undefined {
    return this.subject.bringer;
  }

  /**
   * The first useful answer; undefined when nobody has one.
   * @param first who is asked first; nobody in particular when it is undefined
   * @param without who is not asked
   * @throws what the first to fail has thrown, when nobody helps
   */
  async ask<T>(
    question: HedgedQuestion<T>,
    first: string | undefined = this.bringer,
    without: ReadonlySet<string> = new Set(),
  ): Promise<T | undefined> {
    const others = await (this.others ??= this.means.findOthers());
    const sources = [...new Set([first, this.bringer, ...others])].filter(
      (server): server is string => server !== undefined && !without.has(server),
    );
    // Whom a reader has us ask first, when nobody has brought anything, is asked like any other.
    const free = [this.bringer ?? sources[0], first];
    return firstToHelp(this.affordable(sources, free), (server, signal) => this.put(question, server, signal), {
      patienceMs: (server) => Math.max(0, PATIENCE_MS - this.waitedFor(server)),
      totalMs: this.until - now(),
      signal: this.means.signal,
    });
  }

  /** Taken one by one, as they are needed: all but those who have brought the matter up themselves cost something. */
  private *affordable(servers: readonly string[], free: readonly (string | undefined)[]): Iterable<string> {
    for (const server of servers) if (free.includes(server) || this.means.mayAskOthers()) yield server;
  }

  private async put<T>(question: HedgedQuestion<T>, server: string, signal: AbortSignal): Promise<T | undefined> {
    const begun = now();
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.waited.set(server, this.waitedFor(server) + now() - begun);
      isOver = true;
    };
    // Who never answers has kept us waiting until somebody else did.
    signal.addEventListener('abort', end, { once: true });
    try {
      return await question(server, signal);
    } finally {
      end();
    }
  }

  private waitedFor(server: string): number {
    return this.waited.get(server) ?? 0;
  }
}
