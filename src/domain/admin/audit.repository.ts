import type { Tx } from '#platform/storage/storage';

/** One act of an administrator. */
export interface AuditEntry {
  readonly createdTs: number;
  readonly actor: string;
  /** As the GraphQL mutation is named. */
  readonly action: string;
  /** The user or room it was done to. */
  readonly target: string;
  readonly reason: string;
}

/** Adds to the audit log. */
export class AuditWriter {
  constructor(private readonly tx: Tx) {}

  async add({ createdTs, actor, action, target, reason }: AuditEntry): Promise<void> {
    const nid = this.tx.id('row');
    await this.tx.insert('audit_entries', { nid, created_ts: createdTs, actor, action, target, reason });
  }
}
