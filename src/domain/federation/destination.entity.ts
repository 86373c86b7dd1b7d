import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Servers that could not be reached: since when, tried last when, left alone for how long. Others have no row. */
export const destinationEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Destination',
    tableName: 'destinations',
    columns: {
      destination: { ...t.identifier(), primary: true },
      failure_ts: { ...t.bigint() },
      retry_last_ts: { ...t.bigint() },
      retry_interval: { ...t.bigint() },
    },
  });
