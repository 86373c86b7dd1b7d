import type { Filters } from '#domain/filters';
import type { Presence } from '#domain/presence';
import { UnknownTokenError } from '#kernel/errors';
import type { Requester } from '#kernel/requester';
import { parseSyncToken, type SyncToken } from '#platform/cluster/stream-token';
import type { Positions, Storage } from '#platform/storage/storage';
import type { SyncFilter } from '#protocol/filters/index';
import type { AnswerService, Looked } from './answer.service';
import type { Notifier, Waiter } from './notifier.service';
import { readingFilter, type ReadingFilter } from './reading-filter.model';
import { deviceKey } from './state-section.service';
import type { SentMembers } from './sent-members.service';
import type { SyncConfig } from './sync.config';
import type { Reading, SyncAnswer, SyncRequest } from './sync.model';
import type { WakeUps } from './wake-ups.service';

/** `GET /sync`: what is new for a client, waiting for it when nothing is. Spec: client-server, "Syncing". */
export class Sync {
  private readonly compiled = new WeakMap<SyncFilter, ReadingFilter>();

  constructor(
    private readonly config: SyncConfig,
    private readonly storage: Pick<Storage, 'visible'>,
    private readonly deps: {
      readonly filters: Pick<Filters, 'resolve'>;
      readonly presence: Pick<Presence, 'touch'>;
      readonly answers: AnswerService;
      readonly notifier: Notifier;
      readonly wakeUps: WakeUps;
      readonly sent: SentMembers;
    },
  ) {}

  /** Ends all waits with empty answers, for the process to stop. Requests that come later do not wait. */
  stop(): void {
    this.deps.wakeUps.stop();
    this.deps.notifier.stop();
  }

  /**
   * Answers at once when there is something, when nobody is to wait (no `since`, `full_state`, no `timeout`), else with the
   * first news or, empty, at the end of the time.
   * @throws InvalidParamError for a token or filter that is not ours; UnknownTokenError when the session ends meanwhile
   */
  async sync(requester: Requester, request: SyncRequest): Promise<SyncAnswer> {
    const filter = await this.filterOf(requester.userId, request.filter);
    const since = this.since(request.since);
    const { fullState = false, useStateAfter = false, setPresence = 'online' } = request;
    const timeoutMs = this.timeoutOf(request);
    await this.deps.presence.touch(requester.userId, setPresence, timeoutMs);
    if (since === undefined) this.deps.sent.forget(deviceKey(requester));
    else await this.deps.answers.confirm(requester, since.toDevice ?? since.positions);
    const base = { requester, filter, fullState, useStateAfter };
    if (since === undefined || fullState || timeoutMs === 0) return (await this.look(base, since)).answer;
    return this.wait(base, since, timeoutMs, request.signal);
  }

  /**
   * A sync for the deprecated readers, which know no devices: it neither gives nor drops messages to them. Without `since`
   * the state is that at the end of the timelines.
   */
  async follow(
    requester: Requester,
    request: Pick<SyncRequest, 'since' | 'timeoutMs' | 'signal'>,
    filter: SyncFilter,
  ): Promise<SyncAnswer> {
    const since = this.since(request.since);
    const timeoutMs = this.timeoutOf(request);
    const base = {
      requester: { ...requester, deviceId: null },
      filter: readingFilter(filter, this.config),
      fullState: false,
      useStateAfter: since === undefined,
    };
    if (since === undefined || timeoutMs === 0) return (await this.look(base, since)).answer;
    return this.wait(base, since, timeoutMs, request.signal);
  }

  /** Looks until there is something to say. Each look goes on where the one before found nothing. */
  private async wait(
    base: Omit<Reading, 'window'>,
    token: SyncToken,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<SyncAnswer> {
    const { requester } = base;
    const waiter = this.deps.notifier.add(requester.userId, requester.tokenId);
    const stop = startClock(waiter, timeoutMs, signal);
    try {
      for (let since = token; ;) {
        const { answer, isEmpty, until } = await this.look(base, since);
        const reason = isEmpty ? await waiter.sleep() : 'news';
        if (waiter.revoked) throw new UnknownTokenError('The session has ended');
        if (!isEmpty || reason !== 'news') return answer;
        since = { positions: until };
      }
    } finally {
      stop();
      this.deps.notifier.remove(waiter);
    }
  }

  /** The positions are taken before anything is read, and every section reads up to them and no further. */
  private async look(base: Omit<Reading, 'window'>, token: SyncToken | undefined): Promise<Looked> {
    const window = { since: token?.positions, until: this.storage.visible() };
    return this.deps.answers.read({ ...base, window }, token?.toDevice ?? token?.positions);
  }

  /**
   * A token from beyond what there is comes from another life of this database, such as before a backup was restored. Its
   * client holds events that nobody knows; it gets everything anew, like one without a token.
   */
  private since(token: string | undefined): SyncToken | undefined {
    if (token === undefined || token === '') return undefined;
    const parsed = parseSyncToken(token, 'since');
    return isWithin(parsed.positions, this.storage.visible()) ? parsed : undefined;
  }

  private timeoutOf({ timeoutMs = 0 }: Pick<SyncRequest, 'timeoutMs'>): number {
    return Math.min(Math.max(timeoutMs, 0), this.config.maxTimeoutMs);
  }

  private async filterOf(userId: string, parameter: string | undefined): Promise<ReadingFilter> {
    const filter = await this.deps.filters.resolve(userId, parameter);
    const known = this.compiled.get(filter) ?? readingFilter(filter, this.config);
    this.compiled.set(filter, known);
    return known;
  }
}

function startClock(waiter: Waiter, timeoutMs: number, signal: AbortSignal | undefined): () => void {
  const timer = setTimeout(() => waiter.signal('timeout')?.(), timeoutMs);
  const gone = (): void => waiter.signal('gone')?.();
  signal?.addEventListener('abort', gone);
  if (signal?.aborted) gone();
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', gone);
  };
}

function isWithin(positions: Positions, visible: Positions): boolean {
  for (const [writer, pos] of positions) if (pos > (visible.get(writer) ?? 0)) return false;
  return true;
}
