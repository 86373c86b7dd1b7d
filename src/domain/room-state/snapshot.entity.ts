import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Immutable nodes of the history of rooms' states; see snapshots.service.ts. */
export const snapshotEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'StateSnapshot',
    tableName: 'state_snapshots',
    columns: {
      nid: { ...t.bigint(), primary: true },
      room_nid: { ...t.bigint() },
      prev_nid: { ...t.bigint(), nullable: true },
      base_nid: { ...t.bigint(), nullable: true },
      height: { ...t.bigint() },
    },
  });

/** The net change of a snapshot against its base. An event_nid of 0 means that the entry is gone. */
export const stateDeltaEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'StateDelta',
    tableName: 'state_deltas',
    columns: {
      snapshot_nid: { ...t.bigint(), primary: true },
      type: { ...t.identifier(), primary: true },
      state_key: { ...t.identifier(), primary: true },
      event_nid: { ...t.bigint() },
    },
    withoutRowid: true,
  });
