import { isJsonObject, type JsonObject } from '#kernel/json';

import type { Pdu } from '../events/pdu';
import { ownObject, ownString, ownValue } from '../json-access';
import { signableText } from '../signing/sign-json';
import { VerifyKey } from '../signing/signing-key';
import { reject, type AuthContext } from './context';

/**
 * Honest invites carry one signature and a key or two. Trying every signature of a hostile one against every key would
 * take a minute, so that only so many pairs are tried.
 */
const MAX_VERIFICATIONS = 64;

/** An invite that redeems an `m.room.third_party_invite`: the identity server's signature stands for the inviter's. */
export function checkThirdPartyInvite(context: AuthContext, target: string, invite: JsonObject): void {
  if (context.membership(target) === 'ban') reject('The user is banned from the room');
  const signed = ownObject(invite, 'signed');
  if (signed === undefined) reject('third_party_invite is not signed');
  const token = ownString(signed, 'token');
  const userId = ownString(signed, 'mxid');
  if (token === undefined || userId === undefined) reject('third_party_invite.signed lacks mxid or token');
  if (userId !== target) reject('The third-party invite is for somebody else');
  const offer = context.state('m.room.third_party_invite', token);
  if (offer === undefined) reject('There is no such third-party invite in the room');
  if (offer.sender !== context.event.sender) reject('The third-party invite was made by somebody else');
  if (!isSignedByOffer(signed, offer)) reject('The third-party invite is not validly signed');
}

/** The public keys in Base64 that an `m.room.third_party_invite` accepts. */
export function thirdPartyInviteKeys(offer: Pdu): string[] {
  const keys = ownValue(offer.content, 'public_keys');
  const listed = Array.isArray(keys)
    ? keys.map((key) => (isJsonObject(key) ? ownString(key, 'public_key') : undefined))
    : [];
  return [ownString(offer.content, 'public_key'), ...listed].filter((key): key is string => key !== undefined);
}

function isSignedByOffer(signed: JsonObject, offer: Pdu): boolean {
  const text = textOf(signed);
  if (text === undefined) return false;
  const signatures = ed25519Signatures(signed);
  let tries = 0;
  for (const encoded of thirdPartyInviteKeys(offer)) {
    const key = VerifyKey.fromBase64(encoded);
    for (const signature of signatures) {
      if (++tries > MAX_VERIFICATIONS) return false;
      if (key?.verify(text, signature)) return true;
    }
  }
  return false;
}

function textOf(signed: JsonObject): string | undefined {
  try {
    return signableText(signed, { strict: false });
  } catch {
    return undefined;
  }
}

function ed25519Signatures(signed: JsonObject): string[] {
  return Object.values(ownObject(signed, 'signatures') ?? {})
    .flatMap((byKey) => (isJsonObject(byKey) ? Object.entries(byKey) : []))
    .filter(([keyId]) => keyId.startsWith('ed25519:'))
    .map(([, signature]) => signature)
    .filter((signature): signature is string => typeof signature === 'string');
}
