import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Answers to other servers' last transactions, in a fixed number of slots a server, so that repeats get the same one. */
export const receivedTransactionEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ReceivedTransaction',
    tableName: 'federation_received',
    columns: {
      origin: { ...t.identifier(), primary: true },
      slot: { ...t.int(), primary: true },
      txn_id: { ...t.identifier() },
      answer: { ...t.text() },
      received_ts: { ...t.bigint() },
    },
    indices: [{ name: 'federation_received_time', columns: ['received_ts'] }],
    withoutRowid: true,
  });
