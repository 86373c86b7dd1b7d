import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Rooms of whose receipts a server has missed some while it was away, and since when: one row however many they are. */
export const federationMissedReceiptEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationMissedReceipt',
    tableName: 'federation_missed_receipts',
    columns: {
      destination: { ...t.identifier(), primary: true },
      room_nid: { ...t.bigint(), primary: true },
      since_ts: { ...t.bigint() },
    },
    withoutRowid: true,
  });
