import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Nonces given out for shared-secret registration and not used yet. */
export const registrationNonceEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RegistrationNonce',
    tableName: 'registration_nonces',
    columns: {
      nonce: { ...t.identifier(64), primary: true },
      expires_ts: { ...t.bigint() },
    },
    indices: [{ name: 'registration_nonces_expires', columns: ['expires_ts'] }],
  });
