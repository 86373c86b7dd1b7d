import type { AccountData, Tags } from '#domain/account-data';
import type { Admin } from '#domain/admin';
import type { AccountLifecycle } from '#domain/account-lifecycle';
import type { Accounts } from '#domain/accounts';
import type { Devices } from '#domain/devices';
import type { Directory } from '#domain/directory';
import type { Federation } from '#domain/federation';
import type { FederationInbound } from '#domain/federation-inbound';
import type { FederationOutbound } from '#domain/federation-outbound';
import type { FederationSender } from '#domain/federation-sender';
import type { EventViews } from '#domain/event-views';
import type { Filters } from '#domain/filters';
import type { Membership } from '#domain/membership';
import type { Notifications } from '#domain/notifications';
import type { Presence } from '#domain/presence';
import type { Profiles } from '#domain/profiles';
import type { PushRules } from '#domain/push-rules';
import type { Receipts } from '#domain/receipts';
import type { Relations } from '#domain/relations';
import type { RoomState } from '#domain/room-state';
import type { Rooms } from '#domain/rooms';
import type { Sessions } from '#domain/sessions';
import type { OldReader, Sync } from '#domain/sync';
import type { Timeline } from '#domain/timeline';
import type { ToDevice } from '#domain/to-device';
import type { Typing } from '#domain/typing';

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
  readonly membership: Membership;
  readonly directory: Directory;
  readonly relations: Relations;
  readonly receipts: Receipts;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly eventViews: EventViews;
  readonly rooms: Rooms;
}

/** How what happened reaches people. */
export interface DeliveryDomain {
  readonly notifications: Notifications;
  readonly sync: Sync;
  readonly oldReader: OldReader;
}

/** What passes between this server and others. */
export interface ServersDomain {
  readonly federation: Federation;
  readonly federationOutbound: FederationOutbound;
  readonly federationInbound: FederationInbound;
  readonly federationSender: FederationSender;
}

/** What goes through several features. */
export interface JourneysDomain {
  readonly accountLifecycle: AccountLifecycle;
  readonly admin: Admin;
}

/**
 * All services of the domain as the doors see them, one member per feature, in the order of `features.json`. Composed in
 * `main/compose.ts`.
 */
export interface Domain extends PeopleDomain, RoomsDomain, DeliveryDomain, ServersDomain, JourneysDomain {}
