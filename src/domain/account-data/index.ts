/**
 * Account data: JSON that clients keep for their user, globally and per room; room tags are one type of it. Owns the table
 * `account_data` and the stream `account-data`. Types that the server manages come from other features, stored with
 * `setReserved` or computed through a port. Spec: client-server API, "Client Config", "Room Tagging", "Ignoring Users".
 */
export { AccountData, MAX_ACCOUNT_DATA_BYTES } from './account-data.service';
export { Tags } from './tags.service';
export { ACCOUNT_DATA_STREAM } from './account-data.stream';
export type { AccountDataChange, AccountDataEntry, RoomAccountDataEntry } from './account-data.model';
export type { ComputedAccountData } from './account-data.ports';
