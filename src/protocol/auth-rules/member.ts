import { membershipOf } from '../events/pdu';
import { reject, type AuthContext } from './context';
import { checkInvite } from './member-invite';
import { checkJoin } from './member-join';
import { checkKnock } from './member-knock';
import { checkBan, checkLeave } from './member-leave';

/** The rule for `m.room.member`, by the membership that the event gives. */
export function checkMember(context: AuthContext): void {
  const target = context.event.state_key;
  const membership = membershipOf(context.event);
  if (target === undefined) reject('A member event needs a state key');
  switch (membership) {
    case 'join':
      return checkJoin(context, target);
    case 'invite':
      return checkInvite(context, target);
    case 'leave':
      return checkLeave(context, target);
    case 'ban':
      return checkBan(context, target);
    case 'knock':
      if (context.version.knock) return checkKnock(context, target);
      return reject('This room version has no knocking');
    case undefined:
      return reject('A member event needs a membership');
    default:
      return reject('Unknown membership');
  }
}
