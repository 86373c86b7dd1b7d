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
  { patienceMs, totalMs }: HedgedOptions,
): Promise<T | undefined> {
  const until = now() + totalMs;
  const controller = new AbortController();
  const failures: unknown[] = [];
  let found: { readonly answer: T } | undefined;
  let help: () => void = () => undefined;
  const helped = new Promise<void>((resolve) => (help = resolve));
  const put = async (source: string): Promise<void> => {
    try {
      const answer = await ask(source, controller.signal);
      if (answer === undefined) return;
      found ??= { answer };
      help();
    } catch (error) {
      failures.push(error);
    }
  };
  const asked: Promise<void>[] = [];
  try {
    for (const source of sources) {
      const left = until - now();
      if (found !== undefined || left <= 0) break;
      const answered = put(source);
      asked.push(answered);
      await endsWithin(Promise.race([helped, answered]), Math.min(patienceMs(source), left));
    }
    const left = until - now();
    if (found === undefined && left > 0) await endsWithin(Promise.race([helped, Promise.all(asked)]), left);
  } finally {
    controller.abort();
  }
  if (found === undefined && failures.length > 0) throw failures[0];
  return found?.answer;
}
