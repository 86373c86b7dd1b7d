/** New events of rooms, in order. Key: room id. Payload: `TimelineNews`. Rows: `events`, by stream position. */
export const TIMELINE_STREAM = 'timeline';
/** Rooms whose past turned out to be another. Key: room id. Payload: `RestatedRoomNews`. Rows: `restated_rooms`. */
export const RESTATED_ROOMS_STREAM = 'restated_rooms';
