import { TooLargeError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';

import type { RoomVersion } from '../room-versions';
import { addSignature } from '../signing/sign-json';
import type { SigningKey } from '../signing/signing-key';
import { EventText, sha256 } from './event-text';
import { eventIdFromHash } from './hashes';
import type { Pdu } from './pdu';
import { roomIdOf } from './pdu';

/** The largest event, in bytes of canonical JSON with signatures and without `unsigned`. */
export const MAX_EVENT_BYTES = 65_536;

/** An event of ours, ready to be stored and sent. */
export interface SignedEvent {
  readonly pdu: Pdu;
  readonly eventId: string;
  readonly roomId: string;
  /** Canonical JSON as other servers get it, without `unsigned`. */
  readonly json: string;
}

/**
 * Hashes and signs an event of ours. Serialises its content once; about the cost of one Ed25519 signature. Throws
 * BadJsonError (not canonical JSON) and {@link TooLargeError}. Spec: server-server, "Adding hashes and signatures".
 */
export function hashAndSign(version: RoomVersion, pdu: Pdu, serverName: string, key: SigningKey): SignedEvent {
  const text = new EventText(version, pdu);
  const hashes = { sha256: text.contentHash() };
  text.set('hashes', hashes);
  return finish(version, { ...pdu, hashes }, text, serverName, key);
}

/**
 * Adds our signature to an event that another server made and hashed, as for an invite or a restricted join. The caller
 * has checked every field of it: signing is consent.
 */
export function addEventSignature(version: RoomVersion, pdu: Pdu, serverName: string, key: SigningKey): SignedEvent {
  return finish(version, pdu, new EventText(version, pdu), serverName, key);
}

function finish(version: RoomVersion, pdu: Pdu, text: EventText, serverName: string, key: SigningKey): SignedEvent {
  const signedText = text.signedText();
  const signatures = addSignature(pdu.signatures, serverName, key.keyId, key.sign(signedText));
  text.set('signatures', signatures);
  const json = text.federationText();
  if (utf8Length(json) > MAX_EVENT_BYTES) throw new TooLargeError('The event is larger than 65536 bytes');
  const eventId =
    version.eventIds === 'field' ? String(pdu.event_id) : eventIdFromHash(version, sha256(signedText).slice(0, 43));
  return { pdu: { ...pdu, signatures } as Pdu, eventId, roomId: roomIdOf(version, pdu, eventId), json };
}
