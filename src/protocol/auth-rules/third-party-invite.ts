import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

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
  if (thirdPartyInviteSigners(offer, signed).next().done === true)
    reject('The third-party invite is not validly signed');
}

/** A public key that an `m.room.third_party_invite` accepts. */
export interface ThirdPartyInviteKey {
  /** Base64 as it stands there: identity servers want it asked about in the same spelling. */
  readonly publicKey: string;
  /** Where to ask whether the key is still good; undefined of keys that are good for ever. Unchecked. */
  readonly validityUrl: JsonValue | undefined;
}

/** The keys that an `m.room.third_party_invite` accepts, the old form's first. */
function keysOf({ content }: Pdu): ThirdPartyInviteKey[] {
  const further = ownValue(content, 'public_keys');
  return [content, ...(Array.isArray(further) ? further : [])].flatMap((entry) => {
    const publicKey = isJsonObject(entry) ? ownString(entry, 'public_key') : undefined;
    return publicKey === undefined
      ? []
      : [{ publicKey, validityUrl: ownValue(entry as JsonObject, 'key_validity_url') }];
  });
}

/** The keys of an `m.room.third_party_invite` by which `signed` is validly signed, each checked only when asked for. */
export function* thirdPartyInviteSigners(offer: Pdu, signed: JsonObject): Generator<ThirdPartyInviteKey> {
  const text = textOf(signed);
  if (text === undefined) return;
  const signatures = ed25519Signatures(signed);
  let tries = 0;
  for (const accepted of keysOf(offer)) {
    const key = VerifyKey.fromBase64(accepted.publicKey);
    for (const signature of signatures) {
      if (++tries > MAX_VERIFICATIONS) return;
      if (key?.verify(text, signature)) yield accepted;
    }
  }
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
