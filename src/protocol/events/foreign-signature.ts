import { TooLargeError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';

import type { RoomVersion } from '../room-versions';
import { addSignature } from '../signing/sign-json';
import type { VerifyKey } from '../signing/signing-key';
import { EventText } from './event-text';
import { verifyEventSignature } from './inspect';
import type { Pdu } from './pdu';
import { MAX_EVENT_BYTES, type SignedEvent } from './sign-event';

/** Where a signature stands in `signatures`. */
export interface SignaturePlace {
  readonly server: string;
  readonly keyId: string;
}

/** Whether an event, ours or inspected, carries a valid signature by this key. Serialises the event once. Never throws. */
export function carriesSignature(
  version: RoomVersion,
  { pdu }: Pick<SignedEvent, 'pdu'>,
  { server, keyId }: SignaturePlace,
  key: VerifyKey,
): boolean {
  return verifyEventSignature({ pdu, signedText: new EventText(version, pdu).signedText() }, server, keyId, key);
}

/**
 * The event with a signature that another server gave, beside those that it has: also beside the same server's own.
 * @throws TooLargeError when the event has no room for it
 */
export function withSignature<E extends SignedEvent>(
  version: RoomVersion,
  event: E,
  { server, keyId }: SignaturePlace,
  signature: string,
): E {
  const pdu = { ...event.pdu, signatures: addSignature(event.pdu.signatures, server, keyId, signature) } as Pdu;
  const json = new EventText(version, pdu).federationText();
  if (utf8Length(json) > MAX_EVENT_BYTES) throw new TooLargeError('The event is larger than 65536 bytes');
  return { ...event, pdu, json };
}
