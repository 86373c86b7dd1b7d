import type { AccountData, Tags } from '#domain/account-data';
import type { AccountLifecycle } from '#domain/account-lifecycle';
import type { Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Filters } from '#domain/filters';
import type { Profiles } from '#domain/profiles';
import type { PushRules } from '#domain/push-rules';
import type { Relations } from '#domain/relations';
import type { RoomState } from '#domain/room-state';
import type { Sessions } from '#domain/sessions';
import type { ToDevice } from '#domain/to-device';
import type { Timeline } from '#domain/timeline';

/** Accounts and what belongs to one user. */
export interface PeopleDomain {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly accountData: AccountData;
  readonly tags: Tags;
  readonly profiles: Profiles;
  readonly filters: Filters;
  readonly pushRules: PushRules;
  readonly toDevice: ToDevice;
}

/** Rooms and what happens in them. */
export interface RoomsDomain {
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly relations: Relations;
}

/** What goes through several features. */
export interface JourneysDomain {
  readonly accountLifecycle: AccountLifecycle;
}

/**
 * All services of the domain as the doors see them, one member per feature, in the order of `features.json`. Composed in
 * `main/compose.ts`.
 */
export interface Domain extends PeopleDomain, RoomsDomain, JourneysDomain {}
