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
import { accountDataEntity } from '../../domain/account-data/account-data.entity';
import { profileEntity } from '../../domain/profiles/profiles.entity';
import { filterEntity } from '../../domain/filters/filters.entity';
import { pushRulesEntity } from '../../domain/push-rules/push-rules.entity';
import { toDeviceMessageEntity } from '../../domain/to-device/to-device-messages.entity';
import { toDeviceTransactionEntity } from '../../domain/to-device/to-device-transactions.entity';
import { currentStateEntity, roomEntity } from '../../domain/room-state/room.entity';
import { snapshotEntity, stateDeltaEntity } from '../../domain/room-state/snapshot.entity';
import {
  eventEdgeEntity,
  eventEntity,
  eventJsonEntity,
  eventTransactionEntity,
} from '../../domain/timeline/store/event.entity';
import {
  earlyRedactionEntity,
  eventAuthEntity,
  partialRoomEntity,
  restatedRoomEntity,
  roomGapEntity,
  stagedEventEntity,
} from '../../domain/timeline/store/dag.entity';
import { roomExtremityEntity, roomHeadEntity } from '../../domain/timeline/store/room-head.entity';
import { registrationNonceEntity } from '../../domain/account-lifecycle/registration-nonces.entity';
import { pendingPartingEntity } from '../../domain/account-lifecycle/pending-partings.entity';
import { eventRelationEntity } from '../../domain/relations/relations.entity';
import { receiptEntity } from '../../domain/receipts/receipts.entity';
import { roomAliasEntity } from '../../domain/directory/room-alias.entity';
import { directoryEntryEntity } from '../../domain/directory/directory-entry.entity';
import { presenceEntity } from '../../domain/presence/presence.entity';
import { notificationCheckpointEntity } from '../../domain/notifications/notification-checkpoint.entity';
import { auditEntryEntity } from '../../domain/admin/audit-entry.entity';
import { roomMemberCountEntity, roomMembershipEntity } from '../../domain/membership/room-membership.entity';
import { destinationEntity } from '../../domain/federation/destination.entity';
import { keyDocumentEntity, serverKeyEntity } from '../../domain/federation/server-key.entity';
import { federationCopyEntity } from '../../domain/federation-sender/copy.entity';
import { federationMissedReceiptEntity } from '../../domain/federation-sender/missed-receipt.entity';
import {
  federationOutboxEntity,
  federationQueueEntity,
  federationRelayEntity,
} from '../../domain/federation-sender/outbox.entity';
import { federationUnansweredEntity } from '../../domain/federation-sender/unanswered.entity';
import { receivedTransactionEntity } from '../../domain/federation-inbound/received-transaction.entity';
import { outOfBandMembershipEntity } from '../../domain/membership/out-of-band.entity';

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
  accountDataEntity(t),
  profileEntity(t),
  filterEntity(t),
  pushRulesEntity(t),
  toDeviceMessageEntity(t),
  toDeviceTransactionEntity(t),
  roomEntity(t),
  currentStateEntity(t),
  snapshotEntity(t),
  stateDeltaEntity(t),
  eventEntity(t),
  eventJsonEntity(t),
  eventEdgeEntity(t),
  eventTransactionEntity(t),
  roomHeadEntity(t),
  roomExtremityEntity(t),
  roomMembershipEntity(t),
  roomMemberCountEntity(t),
  registrationNonceEntity(t),
  pendingPartingEntity(t),
  eventRelationEntity(t),
  receiptEntity(t),
  roomAliasEntity(t),
  directoryEntryEntity(t),
  presenceEntity(t),
  notificationCheckpointEntity(t),
  auditEntryEntity(t),
  serverKeyEntity(t),
  keyDocumentEntity(t),
  destinationEntity(t),
  eventAuthEntity(t),
  roomGapEntity(t),
  stagedEventEntity(t),
  earlyRedactionEntity(t),
  partialRoomEntity(t),
  restatedRoomEntity(t),
  federationOutboxEntity(t),
  federationQueueEntity(t),
  federationRelayEntity(t),
  federationCopyEntity(t),
  federationUnansweredEntity(t),
  federationMissedReceiptEntity(t),
  receivedTransactionEntity(t),
  outOfBandMembershipEntity(t),
];
