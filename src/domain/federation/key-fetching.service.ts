import { FairTurns } from '#platform/jobs/fair-turns';
import type { DomainRules } from './domain-rules.service';
import type { KeySource } from './federation.ports';
import { KeyAsking, type KeyAskingParts } from './key-asking.service';
import { KeyAttempts } from './key-attempts.service';
import type { WantedKey } from './server-keys.model';

/** Anybody can make us ask anybody, by claiming to be them. SECURITY: row 46. */
const LIMITS = { running: 64, waiting: 5_000 };
/** Of one server at a time; whoever names more makes them up. */
const MAX_WANTED = 64;

export interface KeyFetchingParts extends KeyAskingParts {
  readonly rules: DomainRules;
}

/** A server to be asked, on behalf of everybody who waits for its keys. */
interface Job {
  readonly serverName: string;
  /** By key id. */
  readonly wanted: Map<string, WantedKey>;
  readonly clients: Set<string>;
  /** Ends when all that is wanted is there, or with the job. */
  readonly enough: Promise<void>;
  readonly onEnough: () => void;
  /** What the job does, once it runs. */
  running: Promise<void> | undefined;
}

/**
 * Fetches servers' keys: one request a server at a time, whoever waits for it, and fair turns among those on whose behalf it
 * asks. A server that many wait for is asked when the first of them has a turn, so that nobody can hold it back by asking
 * for it first.
 */
export class KeyFetching {
  private readonly jobs = new Map<string, Job>();
  private readonly turns = new FairTurns(LIMITS);
  private readonly attempts: KeyAttempts;
  private readonly asking: KeyAsking;

  constructor(private readonly parts: KeyFetchingParts) {
    this.attempts = new KeyAttempts(parts.now);
    this.asking = new KeyAsking(parts, this.attempts);
  }

  bind(source: KeySource): void {
    this.asking.bind(source);
  }

  /**
   * Tries to get one server's keys and stores what comes. Never rejects: what is there afterwards is looked up again.
   *
   * @param client on whose behalf: the server that brought what is signed, or the address of a client that is not known
   */
  async fetch(serverName: string, wanted: readonly WantedKey[], client: string): Promise<void> {
    const job = this.jobs.get(serverName) ?? this.newJob(serverName);
    if (job === undefined) return;
    // Too late to be asked for by name, but what the server itself says may hold it.
    if (job.running !== undefined && wanted.some(({ keyId }) => !job.wanted.has(keyId))) return job.running;
    if (job.running === undefined) this.join(job, wanted, client);
    if (job.clients.size > 0) await job.enough;
  }

  private newJob(serverName: string): Job | undefined {
    if (!this.parts.rules.allows(serverName) || !this.attempts.isDue(serverName)) return undefined;
    let onEnough: () => void = () => undefined;
    const enough = new Promise<void>((resolve) => (onEnough = resolve));
    return { serverName, wanted: new Map(), clients: new Set(), enough, onEnough, running: undefined };
  }

  private join(job: Job, wanted: readonly WantedKey[], client: string): void {
    for (const one of wanted) if (job.wanted.size < MAX_WANTED) job.wanted.set(one.keyId, latest(one, job.wanted));
    if (job.clients.has(client)) return;
    // Before the turn is taken, which may come at once.
    job.clients.add(client);
    this.jobs.set(job.serverName, job);
    if (this.turns.take(client, () => this.run(job))) return;
    job.clients.delete(client);
    if (job.clients.size === 0) this.jobs.delete(job.serverName);
  }

  /**
   * Of the turns that several have for one job the first is used and the others pass. Whoever waits goes on when all that
   * is wanted is there; the turn is over when nobody is being asked any more, so that turns bound what is under way.
   */
  private async run(job: Job): Promise<void> {
    if (job.running !== undefined) return;
    job.running = this.ask(job);
    await job.running;
  }

  private async ask({ serverName, wanted, onEnough }: Job): Promise<void> {
    const answered = await this.asking.ask(serverName, [...wanted.values()], onEnough).catch(() => false);
    if (answered) this.attempts.succeeded(serverName);
    else this.attempts.failed(serverName);
    this.jobs.delete(serverName);
    onEnough();
  }
}

/** A key that is good for the latest time that it is wanted for is good for all. */
function latest(wanted: WantedKey, known: ReadonlyMap<string, WantedKey>): WantedKey {
  const before = known.get(wanted.keyId);
  return before !== undefined && (before.at ?? 0) > (wanted.at ?? 0) ? before : wanted;
}
