import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';

/** Tokens that let their holder register. Spec: "Token-authenticated registration". */
export const registrationTokenEntity = (t: ColumnTypes) =>
  new EntitySchema({
    name: 'RegistrationToken',
    tableName: 'registration_tokens',
    columns: {
      token: { ...t.identifier(64), primary: true },
      uses_allowed: { ...t.bigint(), nullable: true },
      uses: { ...t.bigint() },
      expires_ts: { ...t.bigint(), nullable: true },
      created_ts: { ...t.bigint() },
    },
  });
