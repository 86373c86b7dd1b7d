import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Which requests were carried out, so that a repeat changes nothing. */
export const toDeviceTransactionEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ToDeviceTransaction',
    tableName: 'to_device_transactions',
    columns: {
      request_hash: { ...t.identifier(64), primary: true },
      done_ts: { ...t.bigint() },
    },
    indices: [{ name: 'to_device_transactions_done', columns: ['done_ts'] }],
  });
