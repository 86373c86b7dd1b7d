import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const FAST = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

/** What the server counts about itself, printed for Prometheus. One set per running server. */
export class Metrics {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'trellis_http_request_seconds',
    help: 'Time from the request to its answer, long polls included',
    labelNames: ['operation', 'status'],
    buckets: FAST,
    registers: [this.registry],
  });

  private readonly batches = new Histogram({
    name: 'trellis_storage_commit_writes',
    help: 'Writes that shared one commit',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [this.registry],
  });

  private readonly commits = new Histogram({
    name: 'trellis_storage_commit_seconds',
    help: 'Time of one commit with the writes in it',
    buckets: FAST,
    registers: [this.registry],
  });

  private readonly retries = new Counter({
    name: 'trellis_storage_retries_total',
    help: 'Transactions tried again after a deadlock or a lock wait',
    registers: [this.registry],
  });

  private readonly waiting = new Gauge({
    name: 'trellis_sync_waiting',
    help: 'Sync requests that wait for news',
    registers: [this.registry],
  });

  /** Adds the process's own figures: memory, event loop, garbage collection. Once per process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Notes an answered request. `operation` is the API and operation id, `other` outside the specs. */
  request(operation: string, status: number, seconds: number): void {
    this.requests.observe({ operation, status: String(status) }, seconds);
  }

  commit(writes: number, seconds: number): void {
    this.batches.observe(writes);
    this.commits.observe(seconds);
  }

  retry(): void {
    this.retries.inc();
  }

  syncWaits(change: 1 | -1): void {
    this.waiting.inc(change);
  }

  /** All metrics in Prometheus' text format. */
  print(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }
}
