import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Events that a server is to get from this one, which let it into their room: who sent them did not know of it. */
export const federationCopyEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'FederationCopy',
    tableName: 'federation_copies',
    columns: {
      destination: { ...t.identifier(), primary: true },
      event_nid: { ...t.bigint(), primary: true },
      room_nid: { ...t.bigint() },
      copied_ts: { ...t.bigint() },
    },
    indices: [{ name: 'federation_copies_time', columns: ['copied_ts'] }],
    withoutRowid: true,
  });
