import { TooLargeError } from '#kernel/errors';
import { decodeBase64 } from '#kernel/base64';
import { serverNameOf, utf8Length } from '#kernel/ids';
import type { JsonValue } from '#kernel/json';

import { ownObject, ownString } from '../json-access';
import type { RoomVersion } from '../room-versions';
import type { VerifyKey } from '../signing/signing-key';
import { EventText, sha256 } from './event-text';
import { checkEventFormat, type FormatOptions } from './format';
import { eventIdFromHash } from './hashes';
import { membershipOf, roomIdOf, type Pdu } from './pdu';
import { redactEvent } from './redaction';
import { MAX_EVENT_BYTES } from './sign-event';

/** An event that came from elsewhere, its format and size checked, its signatures not yet. */
export interface InspectedEvent {
  /** As received when the content hash holds, else redacted. `unsigned` is gone: it is hearsay. */
  readonly pdu: Pdu;
  readonly eventId: string;
  readonly roomId: string;
  /** Canonical JSON of `pdu`. */
  readonly json: string;
  /** What the signatures cover. */
  readonly signedText: string;
  /** False when the content hash did not hold, so that `pdu` is the redacted event. */
  readonly hashMatches: boolean;
}

/**
 * The first checks on an event from elsewhere: format of the room version, canonical JSON, size, content hash. Throws
 * BadJsonError or {@link TooLargeError}, upon which the event is dropped.
 * Spec: server-server, "Checks performed on receipt of a PDU", 1 and 3.
 */
export function inspectEvent(version: RoomVersion, value: JsonValue, options?: FormatOptions): InspectedEvent {
  const { unsigned: _hearsay, ...rest } = checkEventFormat(version, value, options);
  const received = rest as Pdu;
  const text = new EventText(version, received);
  const receivedJson = text.federationText();
  if (utf8Length(receivedJson) > MAX_EVENT_BYTES) throw new TooLargeError('The event is larger than 65536 bytes');
  const signedText = text.signedText();
  const eventId =
    version.eventIds === 'field'
      ? String(received.event_id)
      : eventIdFromHash(version, sha256(signedText).slice(0, 43));
  const hashMatches = isSameHash(ownString(ownObject(received, 'hashes'), 'sha256'), text.contentHash());
  const pdu = hashMatches ? received : redactEvent(version, received);
  const json = hashMatches ? receivedJson : new EventText(version, pdu).federationText();
  return { pdu, eventId, roomId: roomIdOf(version, pdu, eventId), json, signedText, hashMatches };
}

/**
 * The servers whose signature an event must carry: its sender's; in versions 1 and 2 also that of its event id; where
 * restricted joins exist, that of the user who let the joiner in. An invite by third party may be sent by another
 * server than its sender's. Spec: server-server, "Validating hashes and signatures on received events".
 */
export function requiredSigners(version: RoomVersion, pdu: Pdu): string[] {
  const signers = new Set<string>();
  const invitedByAddress =
    pdu.type === 'm.room.member' && membershipOf(pdu) === 'invite' && ownObject(pdu.content, 'third_party_invite');
  if (!invitedByAddress) signers.add(serverNameOf(pdu.sender) ?? '');
  if (version.eventIds === 'field') signers.add(serverNameOf(pdu.event_id ?? '') ?? '');
  const authoriser = ownString(pdu.content, 'join_authorised_via_users_server');
  if (version.restrictedJoin && pdu.type === 'm.room.member' && authoriser !== undefined) {
    signers.add(serverNameOf(authoriser) ?? '');
  }
  return [...signers];
}

/** Whether an inspected event carries a valid signature of a server by this key. Never throws. */
export function verifyEventSignature(
  event: Pick<InspectedEvent, 'pdu' | 'signedText'>,
  serverName: string,
  keyId: string,
  key: VerifyKey,
): boolean {
  const signature = ownString(ownObject(ownObject(event.pdu, 'signatures'), serverName), keyId);
  return signature !== undefined && key.verify(event.signedText, signature);
}

function isSameHash(given: string | undefined, computed: string): boolean {
  const bytes = given === undefined ? undefined : (decodeBase64(given) ?? decodeBase64(given, 'url-safe'));
  return bytes !== undefined && bytes.equals(Buffer.from(computed, 'base64'));
}
