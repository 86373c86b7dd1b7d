import type { AccountData } from '#domain/account-data';
import type { Devices } from '#domain/devices';
import type { EventViews } from '#domain/event-views';
import type { Filters } from '#domain/filters';
import type { Membership } from '#domain/membership';
import type { Notifications } from '#domain/notifications';
import type { Presence } from '#domain/presence';
import type { Receipts } from '#domain/receipts';
import type { RoomState } from '#domain/room-state';
import type { Timeline } from '#domain/timeline';
import type { ToDevice } from '#domain/to-device';
import type { Typing } from '#domain/typing';
import type { Storage } from '#platform/storage/storage';
import { AccountDataSection } from './account-data-section.service';
import { AnswerService } from './answer.service';
import { DeviceListsSection } from './device-lists-section.service';
import { EphemeralSection } from './ephemeral-section.service';
import { InvitedRooms } from './invited-rooms.service';
import { JoinedRooms } from './joined-rooms.service';
import { LeftRooms } from './left-rooms.service';
import { Notifier } from './notifier.service';
import { PresenceSection } from './presence-section.service';
import { RoomReading } from './room-reading.service';
import { RoomSorter } from './room-tasks.service';
import { SentMembers } from './sent-members.service';
import { Standings } from './standing.service';
import { StateSection } from './state-section.service';
import { SummarySection } from './summary-section.service';
import type { SyncConfig } from './sync.config';
import { Sync } from './sync.service';
import { TimelineSection } from './timeline-section.service';
import { ToDeviceSection } from './to-device-section.service';
import { UnreadSection } from './unread-section.service';
import { WakeUps } from './wake-ups.service';

/** The features that a sync reads. */
export interface SyncSources {
  readonly accountData: AccountData;
  readonly devices: Devices;
  readonly eventViews: EventViews;
  readonly filters: Filters;
  readonly membership: Membership;
  readonly notifications: Notifications;
  readonly presence: Presence;
  readonly receipts: Receipts;
  readonly roomState: RoomState;
  readonly timeline: Timeline;
  readonly toDevice: ToDevice;
  readonly typing: Typing;
}

/** A sync with all its sections, listening. */
export function composeSync(
  storage: Storage,
  sources: SyncSources,
  config: SyncConfig,
  onError: (error: unknown) => void,
): Sync {
  const notifier = new Notifier(config.maxWaitersPerUser);
  const wakeUps = new WakeUps(storage, notifier, sources, onError);
  const sent = new SentMembers();
  const answers = composeAnswers(storage, sources, config, sent);
  return new Sync(config, storage, { ...sources, answers, notifier, wakeUps, sent });
}

function composeAnswers(storage: Storage, sources: SyncSources, config: SyncConfig, sent: SentMembers): AnswerService {
  const { accountData, devices, eventViews, membership, presence, roomState, timeline, toDevice } = sources;
  const slices = new TimelineSection(timeline, eventViews);
  const reading = new RoomReading(eventViews, new StateSection(roomState, timeline, sent));
  const data = new AccountDataSection(accountData);
  return new AnswerService({
    sorter: new RoomSorter(membership, roomState, new Standings(timeline)),
    joined: new JoinedRooms(timeline, {
      timeline: slices,
      reading,
      summary: new SummarySection(membership, timeline),
      ephemeral: new EphemeralSection(sources.receipts, sources.typing),
      accountData: data,
      unread: new UnreadSection(sources.notifications),
    }),
    left: new LeftRooms(timeline, { timeline: slices, reading }),
    invited: new InvitedRooms(membership),
    accountData: data,
    presence: new PresenceSection(presence),
    toDevice: new ToDeviceSection(toDevice, config.toDeviceLimit),
    deviceLists: new DeviceListsSection(storage, devices, membership, roomState),
  });
}
