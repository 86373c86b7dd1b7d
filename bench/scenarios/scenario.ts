import type { Figure } from '../load/figures';
import type { BenchUser } from '../load/user';
import type { BenchServer } from '../servers/server';

/** What every scenario works with: one running server and users registered on it. */
export interface Bench {
  readonly server: BenchServer;
  /** At least 100 users, each with one device. */
  readonly users: readonly BenchUser[];
  /** 1 at full size; smaller numbers shorten the run. */
  readonly scale: number;
}

export type Scenario = (bench: Bench) => Promise<Figure[]>;

/** A count at the chosen scale, never below `least`. */
export const scaled = (bench: Bench, count: number, least = 1): number =>
  Math.max(least, Math.round(count * bench.scale));
