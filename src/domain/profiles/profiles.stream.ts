/** A profile's display name or avatar changed; key: user id. Presence listens. */
export const PROFILES_STREAM = 'profiles';
