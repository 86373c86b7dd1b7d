import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from './column-types';

/** What the server decided once and keeps: its name, its generated secrets. */
export const settingEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ServerSetting',
    tableName: 'server_settings',
    columns: {
      name: { ...t.identifier(64), primary: true },
      content: { ...t.text() },
    },
  });
