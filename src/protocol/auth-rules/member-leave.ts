import { reject, type AuthContext } from './context';

/** A member event whose membership is `leave`: leaving, refusing an invite, kicking, unbanning. */
export function checkLeave(context: AuthContext, target: string): void {
  const { event, powerLevels, senderLevel, version } = context;
  const membership = context.membership(target);
  if (event.sender === target) {
    if (membership === 'join' || membership === 'invite') return;
    if (membership === 'knock' && version.knock) return;
    reject(membership === 'ban' ? 'You are banned from this room' : 'You are not in this room');
  }
  if (context.membership(event.sender) !== 'join') reject('You are not in this room');
  if (membership === 'ban' && senderLevel < powerLevels.ban) reject('You do not have permission to unban users');
  if (senderLevel < powerLevels.kick) reject('You do not have permission to kick users');
  if (powerLevels.userLevel(target) >= senderLevel) reject('The user has as much power as you');
}

/** A member event whose membership is `ban`. */
export function checkBan(context: AuthContext, target: string): void {
  const { event, powerLevels, senderLevel } = context;
  if (context.membership(event.sender) !== 'join') reject('You are not in this room');
  if (senderLevel < powerLevels.ban) reject('You do not have permission to ban users');
  if (powerLevels.userLevel(target) >= senderLevel) reject('The user has as much power as you');
}
