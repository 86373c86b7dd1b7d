import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** What administrators did, to whom and why. Only ever added to. */
export const auditEntryEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'AuditEntry',
    tableName: 'audit_entries',
    columns: {
      nid: { ...t.bigint(), primary: true },
      created_ts: { ...t.bigint() },
      actor: { ...t.identifier() },
      action: { ...t.identifier(64) },
      target: { ...t.identifier() },
      reason: { ...t.text() },
    },
  });
