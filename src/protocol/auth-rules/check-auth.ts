import { serverNameOf } from '#kernel/ids';

import type { Pdu } from '../events/pdu';
import { ownValue } from '../json-access';
import type { RoomVersion } from '../room-versions';
import { AuthContext, reject, type StateLookup } from './context';
import { checkCreate } from './create';
import { checkMember } from './member';
import { checkPowerLevels } from './power-levels-change';

/**
 * Judges an event by a room state: the state before it, its auth events, or the room's current state. Throws
 * ForbiddenError with the reason when the event is not allowed. `createEvent` is looked up in the state when left out,
 * which works for versions before 12 and for full states.
 * Spec: "Authorisation rules" of each room version, all but the rule on `auth_events`, for which see `checkAuthEvents`.
 */
export function checkAuth(version: RoomVersion, event: Pdu, state: StateLookup, createEvent?: Pdu): void {
  if (event.type === 'm.room.create') return checkCreate(version, event);
  const create = createEvent ?? state('m.room.create', '');
  if (create === undefined) reject('The room has no create event');
  checkFederation(event, create);
  const context = new AuthContext(version, event, create, state);
  if (event.type === 'm.room.aliases' && version.aliasesAuthRule) return checkAliases(event);
  if (event.type === 'm.room.member') return checkMember(context);
  checkOrdinary(context);
}

/** The rules for all events but create, member and (in old versions) aliases. */
function checkOrdinary(context: AuthContext): void {
  const { event, version, powerLevels, senderLevel } = context;
  if (context.membership(event.sender) !== 'join') reject('You are not in this room');
  if (event.type === 'm.room.third_party_invite') {
    if (senderLevel < powerLevels.invite) reject('You do not have permission to invite users');
    return;
  }
  if (senderLevel < powerLevels.requiredForEvent(event.type, event.state_key !== undefined)) {
    reject(`You do not have permission to send ${event.type} events`);
  }
  if (event.state_key?.startsWith('@') && event.state_key !== event.sender) {
    reject('You cannot set the state of another user');
  }
  if (event.type === 'm.room.power_levels') checkPowerLevels(context);
  if (event.type === 'm.room.redaction' && version.redactionAuthRule) checkRedactionEvent(context);
}

function checkFederation(event: Pdu, create: Pdu): void {
  if (ownValue(create.content, 'm.federate') !== false) return;
  if (serverNameOf(event.sender) !== serverNameOf(create.sender)) reject('This room is not open to other servers');
}

function checkAliases(event: Pdu): void {
  if (event.state_key === undefined) reject('An aliases event needs a state key');
  if (event.state_key !== serverNameOf(event.sender)) reject('The aliases are of another server');
}

/** Versions 1 and 2 judge by event ids, because the redacted event may be unknown. */
function checkRedactionEvent({ event, powerLevels, senderLevel }: AuthContext): void {
  if (senderLevel >= powerLevels.redact) return;
  const target = serverNameOf(event.redacts ?? '');
  if (target === undefined || target !== serverNameOf(event.event_id ?? '')) {
    reject('You do not have permission to redact events of others');
  }
}

/**
 * Whether a redaction takes effect on its target, asked when both are there. The redaction itself passes the rules
 * either way from version 3 on. Power is what its sender has at the redaction.
 * Spec: "Handling redactions" of version 3 and later; in versions 1 and 2 the rules have decided already.
 */
export function redactionTakesEffect(
  version: RoomVersion,
  redaction: Pdu,
  target: Pdu,
  levels: { userLevel(userId: string): number; readonly redact: number },
): boolean {
  if (target.type === 'm.room.create') return false;
  if (version.redactionAuthRule) return true;
  if (levels.userLevel(redaction.sender) >= levels.redact) return true;
  return serverNameOf(redaction.sender) === serverNameOf(target.sender);
}
