import type { Account as DomainAccount } from '#domain/accounts';
import type { Device } from '#domain/devices';
import { globalId } from '../runtime/global-id';
import { Account, AccountDevice } from './user.type';

/** The GraphQL object of an account. */
export function toAccount(account: DomainAccount): Account {
  return Object.assign(new Account(), {
    id: globalId('User', account.userId),
    userId: account.userId,
    isAdmin: account.isAdmin,
    isGuest: account.isGuest,
    locked: account.locked,
    suspended: account.suspended,
    createdTs: account.createdTs,
    deactivatedTs: account.deactivatedTs,
  });
}

/** The GraphQL object of a device. */
export function toDevice(device: Device): AccountDevice {
  return Object.assign(new AccountDevice(), {
    deviceId: device.deviceId,
    displayName: device.displayName,
    lastSeenTs: device.lastSeenTs,
    lastSeenIp: device.lastSeenIp,
  });
}
