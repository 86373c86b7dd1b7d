import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/**
 * User-interactive authentication under way. Holds no secret of the user: sessions are keyed by the hash of their id, and
 * the body they are bound to is kept as a MAC under the id, which only the client has.
 */
export const uiaSessionEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'UiaSession',
    tableName: 'uia_sessions',
    columns: {
      session_hash: { ...t.identifier(64), primary: true },
      operation: { ...t.identifier(64) },
      user_id: { ...t.identifier() },
      body_mac: { ...t.identifier(64), nullable: true },
      flows: { ...t.text() },
      params: { ...t.text() },
      completed: { ...t.text() },
      proof: { ...t.text() },
      expires_ts: { ...t.bigint() },
    },
    indices: [{ name: 'uia_sessions_expires', columns: ['expires_ts'] }],
  });
