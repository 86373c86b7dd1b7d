import type { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';
import { sequenceEntity } from '#platform/storage/sequence.entity';
import { settingEntity } from '#platform/storage/setting.entity';
import { accountEntity } from '../../domain/accounts/accounts.entity';
import { registrationTokenEntity } from '../../domain/accounts/registration-tokens.entity';
import { deviceEntity } from '../../domain/devices/devices.entity';
import { deviceListChangeEntity } from '../../domain/devices/device-list-changes.entity';
import { accessTokenEntity } from '../../domain/sessions/access-tokens.entity';
import { uiaSessionEntity } from '../../domain/sessions/uia-sessions.entity';

/** Every entity of the program, for TypeORM's schema comparison and command line. */
export const entities = (t: ColumnTypes): EntitySchema[] => [
  sequenceEntity(t),
  settingEntity(t),
  accountEntity(t),
  registrationTokenEntity(t),
  deviceEntity(t),
  deviceListChangeEntity(t),
  accessTokenEntity(t),
  uiaSessionEntity(t),
];
