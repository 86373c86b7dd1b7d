import type { SequenceName } from './sequence-names';

/**
 * The unit of work. Features read through a {@link Reader} and write only inside {@link Storage.write}, which hands out
 * the {@link Tx} that every repository's Writer asks for: to write one must hold a transaction, by type.
 *
 * All statements are written once and run on SQLite and on MySQL/MariaDB: `?` placeholders, no dialect keywords, upserts
 * through the methods below. Booleans are 0/1, times are epoch milliseconds, identifiers are compared byte for byte.
 */
export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Reader {
  /** Every row of the answer. Reads outside a transaction see only what is committed. */
  all<R>(sql: string, params?: readonly SqlValue[]): Promise<R[]>;
  /** The first row, or undefined. */
  get<R>(sql: string, params?: readonly SqlValue[]): Promise<R | undefined>;
}

/** Where a change stands: the writing process and its own count. */
export interface Position {
  readonly writer: number;
  readonly pos: number;
}

/** News of a committed change, delivered to subscribers in position order once the change is visible to readers. */
export interface Change {
  /** Name of the stream, as declared in `<feature>.stream.ts`. */
  readonly stream: string;
  readonly position: Position;
  /** What it concerns, by stream: a room id, a user id… */
  readonly key: string;
  /** What local subscribers may use instead of reading the row again. */
  readonly payload?: unknown;
}

export interface Tx extends Reader {
  /** Runs a statement; the number of rows changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  /** Inserts rows with the same columns; one statement per chunk on MySQL, one prepared statement on SQLite. */
  insert(table: string, rows: Row | readonly Row[]): Promise<void>;
  /** Inserts unless a row with the same unique key is there. True when inserted: the key decides, not a prior read. */
  insertIgnore(table: string, key: readonly string[], row: Row): Promise<boolean>;
  /** Inserts, or updates `update` (default: every column outside `key`) where the unique key exists. */
  upsert(table: string, key: readonly string[], rows: Row | readonly Row[], update?: readonly string[]): Promise<void>;
  /** A new numeric id of the named sequence, never given twice, also not after a crash. */
  id(sequence: SequenceName): number;
  /** A new stream position of this process, larger than all before. Store it as `stream_writer`, `stream_pos`. */
  position(): Position;
  /** Announces a change; delivered after the commit, when all positions before it are visible. */
  publish(change: Change): void;
  /** Runs after the commit and before the caller of `write` goes on. Must not throw. For caches. */
  afterCommit(hook: () => void): void;
}

export interface Storage extends Reader {
  readonly dialect: 'sqlite' | 'mysql';
  /**
   * Runs `work` in a transaction and resolves after its durable commit. `work` awaits nothing but the Tx: on SQLite
   * waiting transactions share one commit, and foreign awaits would hold everybody up. It may run again after a
   * deadlock, so it has no effects but through the Tx. A throw rolls back only this work.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Subscribes to committed changes of one stream; returns the unsubscribe function. */
  subscribe(stream: string, listener: (change: Change) => void): () => void;
  /**
   * Takes a position and publishes a change that is kept in memory only (typing, presence): not durable, but in order with
   * everything else, so that one `since` token covers it.
   */
  announce(change: Omit<Change, 'position'>): Position;
  /** The newest position of every writer such that all before it are visible to readers. */
  visible(): Positions;
  close(): Promise<void>;
}

/** A position per writer. Writers that are absent stand at 0. */
export type Positions = ReadonlyMap<number, number>;

/**
 * An IN list whose length is padded to a power of two, so that few distinct statements are prepared.
 *
 * @example const list = inList(ids); reader.all(`SELECT … WHERE nid IN ${list.sql}`, list.params)
 */
export function inList(values: readonly SqlValue[]): { sql: string; params: readonly SqlValue[] } {
  if (values.length === 0) return { sql: '(NULL)', params: [] };
  let size = 1;
  while (size < values.length) size *= 2;
  const params = values.slice();
  while (params.length < size) params.push(values[values.length - 1]!);
  return { sql: `(${new Array<string>(size).fill('?').join(',')})`, params };
}

/**
 * The condition "after `since` and up to `until`" over columns `stream_writer` and `stream_pos`, by writer.
 * The columns can be qualified with `alias`.
 */
export function positionRange(since: Positions, until: Positions, alias = ''): { sql: string; params: SqlValue[] } {
  const dot = alias === '' ? '' : `${alias}.`;
  const parts: string[] = [];
  const params: SqlValue[] = [];
  for (const [writer, upper] of until) {
    const lower = since.get(writer) ?? 0;
    if (upper <= lower) continue;
    parts.push(`(${dot}stream_writer = ? AND ${dot}stream_pos > ? AND ${dot}stream_pos <= ?)`);
    params.push(writer, lower, upper);
  }
  return { sql: parts.length === 0 ? '(1 = 0)' : `(${parts.join(' OR ')})`, params };
}

/** True when `position` is after `since` (which may not know its writer). */
export function isAfter(position: Position, since: Positions): boolean {
  return position.pos > (since.get(position.writer) ?? 0);
}
