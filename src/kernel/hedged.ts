import { endsWithin } from './patience';
import { now } from './time';

/**
 * Asks one source; undefined when it has nothing of use, which may also be said by throwing. The signal comes when the answer
 * does not matter any more.
 */
export type HedgedQuestion<T> = (source: string, signal: AbortSignal) => Promise<T | undefined>;

export interface HedgedOptions {
  /** How long, in milliseconds, a source is waited for before the next is asked beside it. Asked when it is its turn. */
  readonly patienceMs: (source: string) => number;
  /** How long all of them are waited for. */
  readonly totalMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * The first useful answer of several sources: the next one is asked at once when those before have nothing, and beside them
 * when the last of them keeps us waiting. So one that stalls delays the others by its patience, and one that is only slow
 * may still be the one to answer. Undefined when none helps in time.
 * @throws what the first to fail has thrown, when none helps
 */
export async function firstToHelp<T>(
  sources: Iterable<string>,
  ask: HedgedQuestion<T>,
  { patienceMs, totalMs, signal }: HedgedOptions,
): Promise<T | undefined> {
  const until = now() + totalMs;
  const over = new AbortController();
  const end = (): void => over.abort();
  const ended = new Promise<unknown>((resolve) => over.signal.addEventListener('abort', resolve));
  signal?.addEventListener('abort', end, { signal: over.signal });
  const isOver = (): boolean => over.signal.aborted || signal?.aborted === true || now() >= until;
  const failures: unknown[] = [];
  let found: { readonly answer: T } | undefined;
  const put = async (source: string): Promise<void> => {
    try {
      const answer = await ask(source, over.signal);
      if (answer === undefined) return;
      found ??= { answer };
      end();
    } catch (error) {
      failures.push(error);
    }
  };
  const asked: Promise<void>[] = [];
  for (const source of isOver() ? [] : sources) {
    const answered = put(source);
    asked.push(answered);
    await endsWithin(Promise.race([ended, answered]), Math.min(patienceMs(source), until - now()));
    // Before the next source is looked for, which may cost something.
    if (isOver()) break;
  }
  if (!isOver()) await endsWithin(Promise.race([ended, Promise.all(asked)]), until - now());
  end();
  if (found === undefined && failures.length > 0) throw failures[0];
  return found?.answer;
}
