import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** One row a room with what lists of rooms show, so that no list reads rooms' states. `search_text` is in lower case. */
export const directoryEntryEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'DirectoryEntry',
    tableName: 'room_directory',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      room_id: { ...t.identifier() },
      is_published: { ...t.flag() },
      joined_members: { ...t.bigint() },
      name: { ...t.text(), nullable: true },
      topic: { ...t.text(), nullable: true },
      avatar_url: { ...t.text(), nullable: true },
      canonical_alias: { ...t.identifier(), nullable: true },
      join_rule: { ...t.identifier(), nullable: true },
      room_type: { ...t.identifier(), nullable: true },
      world_readable: { ...t.flag() },
      guest_can_join: { ...t.flag() },
      search_text: { ...t.text() },
    },
    indices: [{ name: 'room_directory_order', columns: ['is_published', 'joined_members', 'room_nid'] }],
  });
