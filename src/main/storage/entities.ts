import type { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '#platform/storage/column-types';
import { sequenceEntity } from '#platform/storage/sequence.entity';
import { settingEntity } from '#platform/storage/setting.entity';

/** Every entity of the program, for TypeORM's schema comparison and command line. */
export const entities = (t: ColumnTypes): EntitySchema[] => [sequenceEntity(t), settingEntity(t)];
