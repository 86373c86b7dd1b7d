/** Who counts what the storage does. */
export interface StorageObserver {
  /** Told about listeners that throw, and about background writes that fail. */
  readonly onListenerError: (error: unknown) => void;
  /** Told of every commit: how many writes shared it, and how long it took from its first statement, in seconds. */
  readonly onCommit?: (writes: number, seconds: number) => void;
  /** Told when a transaction is tried again after a deadlock or a lock wait. */
  readonly onRetry?: () => void;
}
