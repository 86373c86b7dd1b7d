import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Devices of local users. */
export const deviceEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Device',
    tableName: 'devices',
    withoutRowid: true,
    columns: {
      user_id: { ...t.identifier(), primary: true },
      device_id: { ...t.identifier(), primary: true },
      display_name: { ...t.text(), nullable: true },
      created_ts: { ...t.bigint() },
      last_seen_ts: { ...t.bigint(), nullable: true },
      last_seen_ip: { ...t.identifier(64), nullable: true },
      last_seen_user_agent: { ...t.text(), nullable: true },
    },
  });
