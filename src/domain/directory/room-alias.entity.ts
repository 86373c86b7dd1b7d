import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Aliases of this server and the rooms they lead to. The key decides who was first. */
export const roomAliasEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomAlias',
    tableName: 'room_aliases',
    columns: {
      alias: { ...t.identifier(), primary: true },
      room_nid: { ...t.bigint() },
      creator: { ...t.identifier() },
      created_ts: { ...t.bigint() },
    },
    indices: [{ name: 'room_aliases_room', columns: ['room_nid'] }],
    withoutRowid: true,
  });
