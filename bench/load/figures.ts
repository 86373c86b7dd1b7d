/** The value at share `q` (0 to 1) of a sample. */
export function quantile(sample: readonly number[], q: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error('no samples');
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

/** Milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs `task` `total` times on `lanes` parallel lanes; the events per second. */
export async function rate(
  total: number,
  lanes: number,
  task: (lane: number, i: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (index: number) => {
    for (let i = next++; i < total; i = next++) await task(index, i);
  };
  const ms = await timed(() => Promise.all(Array.from({ length: lanes }, (_, index) => lane(index))));
  return (total / ms) * 1000;
}

/** What a scenario found: a figure, its unit, and whether more is better. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly value: number;
  /** Smallest and largest of the runs, when there were several. */
  readonly spread?: readonly [number, number];
}

/** The median of several runs as a figure, with their spread. */
export function figure(name: string, unit: string, better: 'more' | 'less', runs: readonly number[]): Figure {
  return { name, unit, better, value: median(runs), spread: [Math.min(...runs), Math.max(...runs)] };
}
