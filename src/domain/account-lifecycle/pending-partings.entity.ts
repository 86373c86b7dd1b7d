import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Closed accounts that may still be in rooms: written with the deactivation, removed when they have left them all. */
export const pendingPartingEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'PendingParting',
    tableName: 'pending_partings',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      added_ts: { ...t.bigint() },
    },
  });
