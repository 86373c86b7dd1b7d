import { base64ToUrlSafe } from '#kernel/base64';

import { ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { EventText, sha256 } from './event-text';
import type { Pdu } from './pdu';

/** The content hash of an event, in unpadded Base64. Spec: server-server, "Calculating the content hash". */
export function contentHash(version: RoomVersion, pdu: Pdu): string {
  return new EventText(version, pdu).contentHash();
}

/** The reference hash of an event, in unpadded standard Base64. Spec: server-server, "Calculating the reference hash". */
export function referenceHash(version: RoomVersion, pdu: Pdu): string {
  return sha256(new EventText(version, pdu).signedText()).slice(0, 43);
}

/** The id of an event: its own field in versions 1 and 2, the reference hash later. */
export function eventIdOf(version: RoomVersion, pdu: Pdu): string {
  return version.eventIds === 'field'
    ? (ownString(pdu, 'event_id') ?? '')
    : eventIdFromHash(version, referenceHash(version, pdu));
}

/** Makes an event id of version 3 and later from a reference hash in standard Base64. */
export function eventIdFromHash(version: RoomVersion, hash: string): string {
  return `$${version.eventIds === 'url-safe' ? base64ToUrlSafe(hash) : hash}`;
}
