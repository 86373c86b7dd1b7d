import { MatrixError } from '#kernel/errors';
import type { JsonValue } from '#kernel/json';
import { inspectEvent, isStateEvent, type InspectedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import type { EventVerifier } from '../timeline';

/** Entries of `knock_room_state` that are looked at. SECURITY: rows 29, 39. */
const MAX_ENTRIES = 100;

/** What servers show of rooms to users who knock there. Spec: server-server, `PUT send_knock`. */
export class KnockRoomState {
  constructor(private readonly verifier: EventVerifier) {}

  /**
   * What the user may see: events of the room's state, signed. Of room versions that are older than this rule it is taken
   * as it came, since servers send stripped state there.
   */
  async shownOf(
    server: string,
    version: RoomVersion,
    roomId: string,
    given: readonly JsonValue[],
  ): Promise<readonly JsonValue[]> {
    if (!version.createEventIsRoomId) return given;
    const events = given.slice(0, MAX_ENTRIES).flatMap((entry) => inspected(version, entry));
    const ofRoom = events.filter((event) => event.roomId === roomId && isStateEvent(event.pdu));
    const verdicts = await this.verifier.verify(version, ofRoom, server);
    return ofRoom.filter((_, index) => verdicts[index] === undefined).map(({ pdu }) => pdu);
  }
}

function inspected(version: RoomVersion, entry: JsonValue): InspectedEvent[] {
  try {
    return [inspectEvent(version, entry)];
  } catch (error) {
    if (error instanceof MatrixError) return [];
    throw error;
  }
}
