import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Invites and knocks of our users in rooms that this server is not in, and how they ended. */
export const outOfBandMembershipEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'OutOfBandMembership',
    tableName: 'out_of_band_memberships',
    columns: {
      user_id: { ...t.identifier(), primary: true },
      room_id: { ...t.identifier(), primary: true },
      /** A number that no room has, or the room's own when it is known. */
      room_nid: { ...t.bigint() },
      version: { ...t.identifier(32) },
      membership: { ...t.identifier(16) },
      event_id: { ...t.identifier() },
      sender: { ...t.identifier() },
      /** Which brought the invite, or was knocked on. */
      server: { ...t.identifier() },
      /** The member event as JSON; null for an end that no server knows of. */
      event_json: { ...t.text(), nullable: true },
      /** JSON list of stripped state. */
      stripped_state: { ...t.text() },
      stream_writer: { ...t.int() },
      stream_pos: { ...t.bigint() },
    },
    withoutRowid: true,
  });
