import type { Database, Statement } from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import type { PositionClock, PositionLease } from './position-clock';
import { PublishingStorage } from './publishing-storage';
import type { Sequences } from './sequences';
import { ignoreSql, insertSql, updatable, upsertSql } from './statements';
import type { Row, SqlValue, Tx } from './storage';
import type { StorageObserver } from './storage-observer';
import { Transaction } from './transaction';

interface Job {
  run(tx: SqliteTx): Promise<void>;
  settle(error: Error | undefined): void;
}

/** Prepared statements by text; SQLite compiles a statement once and runs it many times. */
class Statements {
  private readonly cache = new LRUCache<string, Statement>({ max: 2_000 });

  constructor(readonly database: Database) {}

  of(sql: string): Statement {
    let statement = this.cache.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.cache.set(sql, statement);
    }
    return statement;
  }
}

/**
 * Storage on embedded SQLite in WAL mode. Writers queue: everything that waits shares one transaction and one fsync (group
 * commit), each in a savepoint of its own, so that one failure undoes only itself. Reads use a read-only connection and
 * see what is committed.
 */
export class SqliteStorage extends PublishingStorage {
  readonly dialect = 'sqlite' as const;
  private readonly reading: Statements;
  private readonly writing: Statements;
  private queue: Job[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    writer: Database,
    private readonly reader: Database,
    sequences: Sequences,
    clock: PositionClock,
    observer: StorageObserver,
  ) {
    super(sequences, clock, observer);
    this.reading = new Statements(reader);
    this.writing = new Statements(writer);
  }

  async all<R>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return this.reading.of(sql).all(...params) as R[];
  }

  async get<R>(sql: string, params: readonly SqlValue[] = []): Promise<R | undefined> {
    return this.reading.of(sql).get(...params) as R | undefined;
  }

  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new Error('the database is closed'));
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.queue.push({
        run: async (tx) => {
          result = await work(tx);
        },
        settle: (error) => (error === undefined ? resolve(result) : reject(error)),
      });
      this.running ??= new Promise<void>((done) => setImmediate(() => void this.drain().finally(done)));
    });
  }

  /** Reserves the first block of every sequence. Called once, before the storage is used. */
  async start(): Promise<this> {
    await this.write(async () => undefined);
    return this;
  }

  /** Finishes the queue, then closes both connections. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.running !== undefined) await this.running;
    this.reader.close();
    this.writing.database.close();
  }

  /** Commits batch after batch until nothing waits. Jobs that arrive while one batch commits make the next. */
  private async drain(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const batch = this.queue;
        this.queue = [];
        await this.commitBatch(batch);
        // Lets the requests that arrived meanwhile join the next batch.
        if (this.queue.length > 0) await new Promise<void>((next) => setImmediate(next));
      }
    } finally {
      this.running = undefined;
    }
  }

  private async commitBatch(batch: readonly Job[]): Promise<void> {
    const lease = this.clock.begin();
    const hooks: (() => void)[] = [];
    const errors = new Map<Job, Error>();
    const started = performance.now();
    let undoReservation: () => void = () => undefined;
    try {
      this.writing.of('BEGIN IMMEDIATE').run();
      if (this.sequences.low) undoReservation = await this.sequences.reserve(this.sequenceConnection());
      for (const job of batch) await this.runJob(job, lease, hooks, errors);
      this.writing.of('COMMIT').run();
    } catch (error) {
      if (this.writing.database.inTransaction) this.writing.of('ROLLBACK').run();
      undoReservation();
      this.clock.finish(lease, false);
      for (const job of batch) job.settle(errors.get(job) ?? asError(error));
      return;
    }
    for (const hook of hooks) hook();
    this.clock.finish(lease, true);
    this.observer.onCommit?.(batch.length, (performance.now() - started) / 1000);
    for (const job of batch) job.settle(errors.get(job));
  }

  private async runJob(job: Job, lease: PositionLease, hooks: (() => void)[], errors: Map<Job, Error>): Promise<void> {
    const tx = new SqliteTx(this.writing, this.sequences, this.clock, lease);
    this.writing.of('SAVEPOINT job').run();
    try {
      await job.run(tx);
      this.writing.of('RELEASE job').run();
      lease.changes.push(...tx.changes);
      hooks.push(...tx.hooks);
    } catch (error) {
      errors.set(job, asError(error));
      // A full disk or an I/O error makes SQLite end the whole transaction; then the batch is lost, not only this job.
      if (!this.writing.database.inTransaction) throw error;
      this.writing.of('ROLLBACK TO job').run();
      this.writing.of('RELEASE job').run();
    }
  }

  private sequenceConnection() {
    return {
      read: async (sql: string, params: readonly SqlValue[]) =>
        this.writing.of(sql).get(...params) as { next_value: number } | undefined,
      run: async (sql: string, params: readonly SqlValue[]) => this.writing.of(sql).run(...params),
    };
  }
}

class SqliteTx extends Transaction {
  constructor(
    private readonly statements: Statements,
    sequences: Sequences,
    clock: PositionClock,
    lease: PositionLease,
  ) {
    super(sequences, clock, lease);
  }

  async all<R>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    return this.statements.of(sql).all(...params) as R[];
  }

  async get<R>(sql: string, params: readonly SqlValue[] = []): Promise<R | undefined> {
    return this.statements.of(sql).get(...params) as R | undefined;
  }

  async run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return this.statements.of(sql).run(...params).changes;
  }

  async insert(table: string, rows: Row | readonly Row[]): Promise<void> {
    this.each(table, rows, () => '');
  }

  async insertIgnore(table: string, key: readonly string[], row: Row): Promise<boolean> {
    return this.each(table, row, () => ignoreSql('sqlite', key)) > 0;
  }

  async upsert(
    table: string,
    key: readonly string[],
    rows: Row | readonly Row[],
    update?: readonly string[],
  ): Promise<void> {
    this.each(table, rows, (row) => upsertSql('sqlite', key, update ?? updatable(key, row)));
  }

  /** One prepared statement, run per row: faster here than one long statement. */
  private each(table: string, rows: Row | readonly Row[], tail: (row: Row) => string): number {
    const list = isRows(rows) ? rows : [rows];
    const first = list[0];
    if (first === undefined) return 0;
    const columns = Object.keys(first);
    const statement = this.statements.of(insertSql(table, [first]).sql + tail(first));
    let changed = 0;
    for (const row of list) changed += statement.run(...columns.map((column) => row[column] ?? null)).changes;
    return changed;
  }
}

function isRows(rows: Row | readonly Row[]): rows is readonly Row[] {
  return Array.isArray(rows);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('the transaction failed', { cause: error });
}
