/** Changes of users' presence; kept in memory, written down now and then. Key: user id. Payload: `PresenceState`. */
export const PRESENCE_STREAM = 'presence';
