/** Stream of who types in a room; kept in memory only. Key: the room id. */
export const TYPING_STREAM = 'typing';
