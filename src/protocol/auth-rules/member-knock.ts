import { reject, type AuthContext } from './context';

/** A member event whose membership is `knock`, in the versions that know it. */
export function checkKnock(context: AuthContext, target: string): void {
  const { event, joinRule, version } = context;
  if (joinRule !== 'knock' && !(joinRule === 'knock_restricted' && version.knockRestrictedJoin)) {
    reject('This room does not accept knocks');
  }
  if (event.sender !== target) reject('Nobody can knock for somebody else');
  const membership = context.membership(target);
  if (membership === 'ban') reject('You are banned from this room');
  if (membership === 'invite') reject('You are already invited to this room');
  if (membership === 'join') reject('You are already in this room');
}
