import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** How far a user's push rules were applied to a room, and what was unread there (JSON). May lie behind, never ahead. */
export const notificationCheckpointEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'NotificationCheckpoint',
    tableName: 'notification_checkpoints',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      room_nid: { ...t.bigint(), primary: true },
      judged_to: { ...t.bigint() },
      away: { ...t.flag() },
      unread: { ...t.text() },
    },
    withoutRowid: true,
  });
