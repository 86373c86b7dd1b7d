/** New events of rooms, in order. Key: room id. Payload: `TimelineNews`. Rows: `events`, by stream position. */
export const TIMELINE_STREAM = 'timeline';
