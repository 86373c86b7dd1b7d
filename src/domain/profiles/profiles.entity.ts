import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Profiles of local users; fields beside name and avatar are one JSON object. */
export const profileEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Profile',
    tableName: 'profiles',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      displayname: { ...t.text(), nullable: true },
      avatar_url: { ...t.text(), nullable: true },
      fields: { ...t.text() },
    },
  });
