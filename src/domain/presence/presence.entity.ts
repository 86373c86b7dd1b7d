import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** What is to survive a restart of users' presence; behind the truth by a minute. */
export const presenceEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Presence',
    tableName: 'presence',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      presence: { ...t.identifier(16) },
      status_msg: { ...t.text(), nullable: true },
      last_active_ts: { ...t.bigint() },
    },
    indices: [{ name: 'presence_presence', columns: ['presence'] }],
  });
