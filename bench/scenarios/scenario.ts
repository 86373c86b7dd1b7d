import { setTimeout as sleep } from 'node:timers/promises';
import type { PrivateCa } from '../../test/support/private-ca';
import { Peers } from '../peers/peers';
import type { Figure } from '../load/figures';
import type { BenchUser } from '../load/user';
import type { BenchServer } from '../servers/server';

/** What every scenario works with: one running server and users registered on it. */
export interface Bench {
  readonly server: BenchServer;
  /** At least 100 users, each with one device. */
  readonly users: readonly BenchUser[];
  /** Signs the certificates of everybody who is to be trusted. */
  readonly ca: PrivateCa;
  /** 1 at full size; smaller numbers shorten the run. */
  readonly scale: number;
}

export type Scenario = (bench: Bench) => Promise<Figure[]>;

/** A count at the chosen scale, never below `least`. */
export const scaled = (bench: Bench, count: number, least = 1): number =>
  Math.max(least, Math.round(count * bench.scale));

/** Does `work` with so many other homeservers about. */
export async function withPeers<T>(bench: Bench, count: number, work: (peers: Peers) => Promise<T>): Promise<T> {
  const peers = await Peers.start(bench.ca, count);
  try {
    return await work(peers);
  } finally {
    await peers.stop();
  }
}

/** Waits, looking every few milliseconds. @throws when it does not come about within five minutes */
export async function until(what: string, holds: () => boolean | Promise<boolean>, everyMs = 5): Promise<void> {
  for (const end = performance.now() + 300_000; !(await holds()); await sleep(everyMs)) {
    if (performance.now() > end) throw new Error(`${what}: not within five minutes`);
  }
}
