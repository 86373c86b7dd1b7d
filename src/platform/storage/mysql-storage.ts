import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolConnection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { PositionClock, PositionLease } from './position-clock';
import { PublishingStorage } from './publishing-storage';
import type { Sequences } from './sequences';
import { ignoreSql, insertSql, updatable, upsertSql } from './statements';
import type { Row, SqlValue, Tx } from './storage';
import type { StorageObserver } from './storage-observer';
import { Transaction } from './transaction';

/** Deadlock, lock wait timeout, Galera certification failure: the whole transaction is worth another try. */
const RETRIED = new Set([1213, 1205, 1047]);
const ATTEMPTS = 8;
const ROWS_PER_INSERT = 500;

/**
 * Storage on MySQL or MariaDB (InnoDB, READ COMMITTED). Transactions run side by side on pooled connections; the server
 * groups their commits. Positions become visible in order, whatever order they commit in.
 */
export class MysqlStorage extends PublishingStorage {
  readonly dialect = 'mysql' as const;
  private reserving: Promise<void> | undefined;
  /** Reads and writes under way, which closing waits for. */
  private readonly underWay = new Set<Promise<unknown>>();
  private closing: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    sequences: Sequences,
    clock: PositionClock,
    observer: StorageObserver,
    private readonly closePool: () => Promise<void>,
  ) {
    super(sequences, clock, observer);
  }

  async all<R>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    const [rows] = await this.track(this.pool.query<RowDataPacket[]>(sql, params.slice()));
    return rows as unknown as R[];
  }

  async get<R>(sql: string, params: readonly SqlValue[] = []): Promise<R | undefined> {
    return (await this.all<R>(sql, params))[0];
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.closing !== undefined) throw new Error('the database is closed');
    return this.track(this.untilItHolds(work));
  }

  /** Finishes what is under way, then closes the pool. A second call waits for the first. */
  close(): Promise<void> {
    this.closing ??= this.finish().then(() => this.closePool());
    return this.closing;
  }

  /** Reserves the first block of every sequence. Called once, before the storage is used. */
  async start(): Promise<this> {
    await this.reserve();
    return this;
  }

  private track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    const forget = () => this.underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Ends when nothing is under way; what ends may have made listeners read once more. */
  private async finish(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  private async untilItHolds<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRIED.has((error as { errno?: number }).errno ?? 0)) throw error;
        this.observer.onRetry?.();
        await sleep(randomInt(5, 10 * 2 ** attempt));
      }
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.sequences.low) await this.reserve();
    const connection = await this.pool.getConnection();
    const lease = this.clock.begin();
    const started = performance.now();
    const tx = new MysqlTx(connection, this.sequences, this.clock, lease);
    try {
      await connection.beginTransaction();
      const result = await work(tx);
      await connection.commit();
      for (const hook of tx.hooks) hook();
      lease.changes.push(...tx.changes);
      this.clock.finish(lease, true);
      connection.release();
      this.observer.onCommit?.(1, (performance.now() - started) / 1000);
      return result;
    } catch (error) {
      await connection.rollback().then(
        () => connection.release(),
        () => connection.destroy(),
      );
      this.clock.finish(lease, false);
      throw error;
    }
  }

  /** Reserves sequence numbers in a transaction of its own; callers that come meanwhile share it. */
  private reserve(): Promise<void> {
    this.reserving ??= this.reserveNow().finally(() => (this.reserving = undefined));
    return this.reserving;
  }

  private async reserveNow(): Promise<void> {
    const connection = await this.pool.getConnection();
    let undo: () => void = () => undefined;
    try {
      await connection.beginTransaction();
      undo = await this.sequences.reserve({
        read: async (sql, params) => {
          const [rows] = await connection.query<RowDataPacket[]>(`${sql} FOR UPDATE`, params.slice());
          return rows[0] as { next_value: number } | undefined;
        },
        run: (sql, params) => connection.query(sql, params.slice()),
      });
      await connection.commit();
    } catch (error) {
      undo();
      await connection.rollback();
      throw error;
    } finally {
      connection.release();
    }
  }
}

class MysqlTx extends Transaction {
  constructor(
    private readonly connection: PoolConnection,
    sequences: Sequences,
    clock: PositionClock,
    lease: PositionLease,
  ) {
    super(sequences, clock, lease);
  }

  async all<R>(sql: string, params: readonly SqlValue[] = []): Promise<R[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>(sql, params.slice());
    return rows as unknown as R[];
  }

  async get<R>(sql: string, params: readonly SqlValue[] = []): Promise<R | undefined> {
    return (await this.all<R>(sql, params))[0];
  }

  async run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    const [result] = await this.connection.query<ResultSetHeader>(sql, params.slice());
    return result.affectedRows;
  }

  async insert(table: string, rows: Row | readonly Row[]): Promise<void> {
    await this.chunks(table, rows, () => '');
  }

  async insertIgnore(table: string, key: readonly string[], row: Row): Promise<boolean> {
    return (await this.chunks(table, row, () => ignoreSql('mysql', key))) > 0;
  }

  async upsert(
    table: string,
    key: readonly string[],
    rows: Row | readonly Row[],
    update?: readonly string[],
  ): Promise<void> {
    await this.chunks(table, rows, (row) => upsertSql('mysql', key, update ?? updatable(key, row)));
  }

  private async chunks(table: string, rows: Row | readonly Row[], tail: (row: Row) => string): Promise<number> {
    const list: readonly Row[] = Array.isArray(rows) ? rows : [rows as Row];
    let changed = 0;
    for (let i = 0; i < list.length; i += ROWS_PER_INSERT) {
      const chunk = list.slice(i, i + ROWS_PER_INSERT);
      const { sql, params } = insertSql(table, chunk);
      changed += await this.run(sql + tail(chunk[0]!), params);
    }
    return changed;
  }
}
