import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** What each user changed about the default push rules, one document; users who never did have no row. */
export const pushRulesEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'PushRules',
    tableName: 'push_rules',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      changes: { ...t.text() },
    },
  });
