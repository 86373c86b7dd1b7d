import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from './column-types';

/** First number of each sequence that was never reserved. */
export const sequenceEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'Sequence',
    tableName: 'sequences',
    columns: {
      name: { ...t.identifier(64), primary: true },
      next_value: { ...t.bigint() },
    },
  });
