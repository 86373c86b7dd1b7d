import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Stored filters; the id is made from the content, so that the same filter is stored once. */
export const filterEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Filter',
    tableName: 'filters',
    withoutRowid: true,
    columns: {
      user_id: { ...t.identifier(), primary: true },
      filter_id: { ...t.identifier(64), primary: true },
      definition: { ...t.text() },
    },
  });
