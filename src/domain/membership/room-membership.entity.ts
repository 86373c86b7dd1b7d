import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** The present membership of each user in each room. */
export const roomMembershipEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomMembership',
    tableName: 'room_memberships',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      user_id: { ...t.identifier(), primary: true },
      membership: { ...t.identifier(16) },
      event_nid: { ...t.bigint() },
      sender: { ...t.identifier() },
      ordinal: { ...t.bigint() },
      is_local: { ...t.flag() },
      forgotten: { ...t.flag() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    indices: [
      { name: 'room_memberships_user', columns: ['user_id', 'membership'] },
      { name: 'room_memberships_room', columns: ['room_nid', 'membership', 'is_local'] },
    ],
    withoutRowid: true,
  });

/** How many members each room has, so that no one counts them. */
export const roomMemberCountEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RoomMemberCount',
    tableName: 'room_member_counts',
    columns: {
      room_nid: { ...t.bigint(), primary: true },
      joined: { ...t.bigint() },
      invited: { ...t.bigint() },
    },
  });
