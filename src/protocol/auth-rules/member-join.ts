import { eventIdOf } from '../events/hashes';
import { prevEventIds } from '../events/pdu';
import { ownString } from '../json-access';
import { reject, type AuthContext } from './context';
import { creatorsOf } from './power-levels';

/** A member event whose membership is `join`. */
export function checkJoin(context: AuthContext, target: string): void {
  if (isCreatorsFirstJoin(context, target)) return;
  if (context.event.sender !== target) reject('Nobody can join for somebody else');
  const membership = context.membership(target);
  if (membership === 'ban') reject('You are banned from this room');
  const { version, joinRule } = context;
  if (joinRule === 'public') return;
  const invitedOrIn = membership === 'invite' || membership === 'join';
  switch (joinRule) {
    case 'invite':
      break;
    case 'knock':
      if (!version.knock) reject('This room version has no join rule knock');
      break;
    case 'restricted':
      if (version.restrictedJoin) return checkRestrictedJoin(context, invitedOrIn);
      return reject('This room version has no join rule restricted');
    case 'knock_restricted':
      if (version.knockRestrictedJoin) return checkRestrictedJoin(context, invitedOrIn);
      return reject('This room version has no join rule knock_restricted');
    default:
      reject('The join rules of this room let nobody in');
  }
  if (!invitedOrIn) reject('You are not invited to this room');
}

/** The room's second event lets its creator in whatever the rules are. */
function isCreatorsFirstJoin({ version, event, createEvent }: AuthContext, target: string): boolean {
  const previous = prevEventIds(event);
  // Only version 12 has more than one creator, and there the sender of the create event joins first.
  const [creator] = creatorsOf(version, createEvent);
  return previous.length === 1 && creator === target && previous[0] === eventIdOf(version, createEvent);
}

/** Whether the server of the authorising user really signed is checked with the event's other signatures. */
function checkRestrictedJoin(context: AuthContext, invitedOrIn: boolean): void {
  if (invitedOrIn) return;
  const authoriser = ownString(context.event.content, 'join_authorised_via_users_server');
  if (authoriser === undefined) reject('You are neither invited nor let in by a member of this room');
  if (context.membership(authoriser) !== 'join') reject('The user who authorised the join is not in the room');
  if (context.powerLevels.userLevel(authoriser) < context.powerLevels.invite) {
    reject('The user who authorised the join may not invite');
  }
}
