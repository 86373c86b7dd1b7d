import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/**
 * Access tokens with their refresh tokens, as SHA-256 only. A pair that came from a refresh is unconfirmed until one of its
 * two is used; until then the pair before it stays good.
 */
export const accessTokenEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'AccessToken',
    tableName: 'access_tokens',
    columns: {
      token_id: { ...t.bigint(), primary: true },
      token_hash: { ...t.identifier(64) },
      user_id: { ...t.identifier() },
      device_id: { ...t.identifier() },
      expires_ts: { ...t.bigint(), nullable: true },
      refresh_hash: { ...t.identifier(64), nullable: true },
      refresh_expires_ts: { ...t.bigint(), nullable: true },
      confirmed: { ...t.flag() },
      created_ts: { ...t.bigint() },
    },
    indices: [
      { name: 'access_tokens_hash', columns: ['token_hash'], unique: true },
      { name: 'access_tokens_refresh_hash', columns: ['refresh_hash'], unique: true },
      { name: 'access_tokens_device', columns: ['user_id', 'device_id'] },
    ],
  });
