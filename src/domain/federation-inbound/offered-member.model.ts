import { InvalidParamError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import { inspectEvent, membershipOf, type InspectedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';

/** An event that another server wants to have in a room, or of one of our users: where it was sent to, and what it is. */
export interface OfferedEvent {
  readonly roomId: string;
  readonly eventId: string;
  readonly pdu: JsonValue;
}

/** @throws InvalidParamError with the problem when something does not hold */
export function demand(holds: boolean, problem: string): void {
  if (!holds) throw new InvalidParamError(problem);
}

/**
 * Compares everything that path and member event say twice; whose it may be is the caller's to say. The signatures are checked where the event is stored.
 * @throws InvalidParamError for what the specification lists at each of the operations; BadJsonError for what is no event
 */
export function inspectMember(
  version: RoomVersion,
  { roomId, eventId, pdu: json }: OfferedEvent,
  membership: string,
): InspectedEvent {
  const inspected = inspectEvent(version, json);
  const { pdu } = inspected;
  demand(inspected.hashMatches, 'The content hash of the event is wrong');
  demand(inspected.roomId === roomId, 'The event is of another room than the path');
  demand(inspected.eventId === eventId, 'The event has another id than the path');
  demand(pdu.type === 'm.room.member', 'The event is not a member event');
  demand(membershipOf(pdu) === membership, `The membership of the event is not ${membership}`);
  return inspected;
}
