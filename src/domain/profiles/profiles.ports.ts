import type { Profile } from './profiles.model';

/** Carries a new display name or avatar into the rooms of the user. Bound to membership. */
export interface ProfileChangePropagator {
  /**
   * Called after the change is stored. Resolves when the change is in hand; rooms may follow in the background.
   * Spec: "Events on Change of Profile Information".
   */
  profileChanged(userId: string, profile: Pick<Profile, 'displayname' | 'avatar_url'>): Promise<void>;
}

/** Asks other servers for the profiles of their users. */
export interface RemoteProfiles {
  /** Undefined when there is no such user. */
  profile(userId: string): Promise<Profile | undefined>;
}
