import { BadJsonError, InvalidParamError, MissingParamError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import { inspectEvent, isCreateEvent, isStateEvent, type InspectedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';

/** Entries of `invite_room_state` that are looked at. SECURITY: rows 29, 39. */
const MAX_ENTRIES = 100;

/** What an invite shows of its room. */
export interface InviteRoomState {
  /** For the invited user: whole events, or of servers of old only what is to be shown. */
  readonly entries: readonly JsonValue[];
  /** Those whose signatures must hold. */
  readonly events: readonly InspectedEvent[];
}

/**
 * Checks the form of `invite_room_state`. Versions whose rooms are named by their create event want it, and whole events
 * of the same room only: else nobody could tell whose room it is. For earlier ones that is left to the server's choice:
 * there nothing is wanted, so that servers which send stripped state can still invite.
 * Spec: server-server, `PUT /_matrix/federation/v2/invite`.
 * @throws MissingParamError, InvalidParamError
 */
export function readInviteRoomState(
  version: RoomVersion,
  roomId: string,
  given: readonly JsonValue[] | undefined,
): InviteRoomState {
  if (!version.createEventIsRoomId) return { entries: given ?? [], events: [] };
  if (given === undefined) throw new MissingParamError('invite_room_state is missing');
  const events = given.slice(0, MAX_ENTRIES).map((entry) => stateEvent(version, entry));
  if (events.some((event) => event.roomId !== roomId)) {
    throw new InvalidParamError('invite_room_state: an event is of another room');
  }
  if (!events.some(({ pdu }) => isCreateEvent(pdu))) {
    throw new InvalidParamError('invite_room_state: the create event is missing');
  }
  return { entries: events.map(({ pdu }) => pdu), events };
}

function stateEvent(version: RoomVersion, entry: JsonValue): InspectedEvent {
  const inspected = inspectedEntry(version, entry);
  if (!isStateEvent(inspected.pdu)) throw new InvalidParamError('invite_room_state: an event is not of the state');
  return inspected;
}

function inspectedEntry(version: RoomVersion, entry: JsonValue): InspectedEvent {
  try {
    return inspectEvent(version, entry);
  } catch (error) {
    if (!(error instanceof BadJsonError)) throw error;
    throw new InvalidParamError(`invite_room_state: ${error.message}`);
  }
}
