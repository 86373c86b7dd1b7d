import { printSyncToken } from '#platform/cluster/stream-token';
import type { Positions } from '#platform/storage/storage';
import type { AccountDataSection } from './account-data-section.service';
import type { DeviceListsSection } from './device-lists-section.service';
import type { InvitedRooms } from './invited-rooms.service';
import type { JoinedRooms } from './joined-rooms.service';
import type { LeftRooms } from './left-rooms.service';
import type { PresenceSection } from './presence-section.service';
import type { RoomSorter, RoomTasks } from './room-tasks.service';
import type { Reading, RoomsAnswer, SyncAnswer } from './sync.model';
import type { ToDeviceSection } from './to-device-section.service';

/** What one look at the streams found. */
export interface Looked {
  readonly answer: SyncAnswer;
  /** Nothing that a waiting client waits for. */
  readonly isEmpty: boolean;
  /** Up to where was looked. */
  readonly until: Positions;
}

/** Puts the sections of one answer together. */
export class AnswerService {
  constructor(
    private readonly sections: {
      readonly sorter: RoomSorter;
      readonly joined: JoinedRooms;
      readonly left: LeftRooms;
      readonly invited: InvitedRooms;
      readonly accountData: AccountDataSection;
      readonly presence: PresenceSection;
      readonly toDevice: ToDeviceSection;
      readonly deviceLists: DeviceListsSection;
    },
  ) {}

  /** The client has everything up to a token: messages to its device before it are dropped. */
  confirm(requester: Reading['requester'], upTo: Positions): Promise<void> {
    return this.sections.toDevice.confirm({ requester }, upTo);
  }

  /** @param toDeviceSince how far the device's queue was delivered */
  async read(reading: Reading, toDeviceSince: Positions | undefined): Promise<Looked> {
    const { sections } = this;
    const [tasks, accountData, presence, toDevice] = await Promise.all([
      sections.sorter.sort(reading),
      sections.accountData.global(reading),
      sections.presence.read(reading),
      sections.toDevice.read(reading, toDeviceSince),
    ]);
    const { rooms, deviceLists } = await this.rooms(reading, tasks);
    const found: Partial<SyncAnswer> = {};
    if (rooms !== undefined) found.rooms = rooms;
    if (presence.length > 0) found.presence = { events: presence };
    if (accountData.length > 0) found.account_data = { events: accountData };
    if (toDevice.events.length > 0) found.to_device = { events: toDevice.events };
    if (deviceLists !== undefined) found.device_lists = deviceLists;
    const { until } = reading.window;
    const answer: SyncAnswer = {
      next_batch: printSyncToken({ positions: until, toDevice: toDevice.upTo }),
      ...found,
      // No keys can be uploaded yet: none are there.
      device_one_time_keys_count: {},
      device_unused_fallback_key_types: [],
    };
    return { answer, isEmpty: Object.keys(found).length === 0, until };
  }

  private async rooms(reading: Reading, tasks: RoomTasks) {
    const { sections } = this;
    const accountData = await sections.accountData.ofRooms(reading);
    const joined = await sections.joined.read(reading, tasks.joined, accountData);
    const left = await sections.left.read(reading, tasks.left, accountData);
    const rooms: RoomsAnswer = {};
    if (joined.length > 0)
      rooms.join = Object.fromEntries(joined.map(({ task, answer }) => [task.room.roomId, answer]));
    if (left.length > 0) rooms.leave = Object.fromEntries(left.map(({ task, answer }) => [task.room.roomId, answer]));
    await this.addInvited(rooms, tasks);
    const deviceLists = await sections.deviceLists.read(reading, joined, left);
    return { rooms: Object.keys(rooms).length > 0 ? rooms : undefined, deviceLists };
  }

  /** Rooms that the user has not entered: usually there are none. */
  private async addInvited(rooms: RoomsAnswer, { invited, knocked, outOfBand }: RoomTasks): Promise<void> {
    if (invited.length + knocked.length + outOfBand.length === 0) return;
    const { sections } = this;
    const afar = (membership: string) => outOfBand.filter((row) => row.membership === membership);
    const invite = await sections.invited.invites([...invited.map(({ row }) => row), ...afar('invite')]);
    const knock = await sections.invited.knocks([...knocked.map(({ row }) => row), ...afar('knock')]);
    const ended = await sections.invited.ended(afar('leave'));
    if (Object.keys(ended).length > 0) rooms.leave = { ...rooms.leave, ...ended };
    if (Object.keys(invite).length > 0) rooms.invite = invite;
    if (Object.keys(knock).length > 0) rooms.knock = knock;
  }
}
