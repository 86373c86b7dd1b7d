/**
 * Profiles of local users: display name, avatar and further fields. Owns the table `profiles` and the stream `profiles`.
 * Rooms and other servers come in through ports. Spec: client-server API, "Profiles".
 */
export { Profiles, MAX_PROFILE_BYTES } from './profiles.service';
export { PROFILES_STREAM } from './profiles.stream';
export { ProfileKeyTooLargeError, ProfileTooLargeError } from './profiles.errors';
export type { Profile } from './profiles.model';
export type { ProfileChangePropagator, RemoteProfiles } from './profiles.ports';
