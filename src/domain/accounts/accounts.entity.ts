import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Local accounts; the unique user id decides who was first to register it. */
export const accountEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Account',
    tableName: 'accounts',
    columns: {
      account_id: { ...t.bigint(), primary: true },
      user_id: { ...t.identifier() },
      localpart: { ...t.identifier() },
      password_hash: { ...t.identifier(), nullable: true },
      is_guest: { ...t.flag() },
      is_admin: { ...t.flag() },
      locked: { ...t.flag() },
      suspended: { ...t.flag() },
      user_type: { ...t.identifier(64), nullable: true },
      created_ts: { ...t.bigint() },
      deactivated_ts: { ...t.bigint(), nullable: true },
    },
    indices: [{ name: 'accounts_user_id', columns: ['user_id'], unique: true }],
  });
