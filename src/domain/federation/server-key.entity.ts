import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Public keys of servers, our own included, those of the past too: old events are checked by the keys of their day. */
export const serverKeyEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ServerKey',
    tableName: 'server_keys',
    withoutRowid: true,
    columns: {
      server_name: { ...t.identifier(), primary: true },
      key_id: { ...t.identifier(128), primary: true },
      public_key: { ...t.identifier(64) },
      valid_until_ts: { ...t.bigint() },
      expired_ts: { ...t.bigint(), nullable: true },
      fetched_ts: { ...t.bigint() },
      source: { ...t.identifier() },
    },
  });

/** The signed documents that the keys came from, one for each first key, for other servers to whom we are the notary. */
export const keyDocumentEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'ServerKeyDocument',
    tableName: 'server_key_documents',
    withoutRowid: true,
    columns: {
      server_name: { ...t.identifier(), primary: true },
      key_id: { ...t.identifier(128), primary: true },
      valid_until_ts: { ...t.bigint() },
      fetched_ts: { ...t.bigint() },
      content: { ...t.text() },
    },
  });
