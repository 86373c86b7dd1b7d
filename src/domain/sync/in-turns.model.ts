/** Work done at once. On SQLite reads end in the same turn of the event loop, so this bounds how long others wait. */
const AT_ONCE = 8;

/** Maps a list with a few pieces of work at a time, and lets other requests run in between. Keeps the order. */
export async function inTurns<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < list.length; i += AT_ONCE) {
    if (i > 0) await new Promise<void>((next) => setImmediate(next));
    results.push(...(await Promise.all(list.slice(i, i + AT_ONCE).map(work))));
  }
  return results;
}
