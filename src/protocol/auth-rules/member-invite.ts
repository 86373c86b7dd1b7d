import { isJsonObject } from '#kernel/json';

import { ownValue } from '../json-access';
import { reject, type AuthContext } from './context';
import { checkThirdPartyInvite } from './third-party-invite';

/** A member event whose membership is `invite`. */
export function checkInvite(context: AuthContext, target: string): void {
  const byAddress = ownValue(context.event.content, 'third_party_invite');
  if (byAddress !== undefined) {
    if (!isJsonObject(byAddress)) reject('third_party_invite must be an object');
    return checkThirdPartyInvite(context, target, byAddress);
  }
  if (context.membership(context.event.sender) !== 'join') reject('You are not in this room');
  const membership = context.membership(target);
  if (membership === 'join') reject('The user is already in the room');
  if (membership === 'ban') reject('The user is banned from the room');
  if (context.senderLevel < context.powerLevels.invite) reject('You do not have permission to invite users');
}
