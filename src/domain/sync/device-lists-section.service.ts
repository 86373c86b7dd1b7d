import { DEVICE_LISTS_STREAM, type Devices } from '#domain/devices';
import type { Membership } from '#domain/membership';
import type { RoomInfo, RoomState } from '#domain/room-state';
import { isAfter, type Positions, type Storage } from '#platform/storage/storage';
import { DeviceListLog } from './device-list-log.service';
import type { JoinedRoom } from './joined-rooms.service';
import type { LeftRoom } from './left-rooms.service';
import { membershipOf } from './standing.service';
import type { Reading } from './sync.model';

const ENCRYPTION = 'm.room.encryption';
const MEMBER = 'm.room.member';
/** Users looked at for `left` in one answer; a client that is not told merely goes on tracking them. */
const MAX_PARTED = 1_000;

interface Meetings {
  /** Users who are now in an encrypted room with the reader. */
  readonly met: Set<string>;
  /** Users who may share none any more. */
  readonly parted: Set<string>;
}

/**
 * Whose devices the client must look at anew, and whose no longer: users with changed devices, users met in encrypted rooms
 * and users with whom none is shared any more. Spec: client-server, "Extensions to /sync" of end-to-end encryption.
 */
export class DeviceListsSection {
  private readonly log: DeviceListLog;

  constructor(
    storage: Pick<Storage, 'subscribe' | 'visible'>,
    private readonly devices: Pick<Devices, 'changedUsersSince'>,
    private readonly membership: Pick<Membership, 'members' | 'joinedRooms' | 'shareRoom'>,
    private readonly roomState: Pick<RoomState, 'current' | 'info'>,
  ) {
    this.log = new DeviceListLog(storage.visible());
    storage.subscribe(DEVICE_LISTS_STREAM, ({ key, position }) => this.log.note(key, position));
  }

  /** Undefined when nothing changed, and in a first sync, where clients ask for what they need. */
  async read(
    reading: Reading,
    joined: readonly JoinedRoom[],
    left: readonly LeftRoom[],
  ): Promise<{ changed: string[]; left: string[] } | undefined> {
    const { since } = reading.window;
    if (since === undefined) return undefined;
    const meetings: Meetings = { met: new Set(), parted: new Set() };
    for (const room of joined) await this.meet(room, since, meetings);
    for (const { task } of left) if (task.standing?.wasJoined) await this.part(task.room, meetings);
    for (const userId of await this.changedDevices(reading, since)) meetings.met.add(userId);
    const { userId } = reading.requester;
    const gone = await this.strangers(userId, meetings);
    if (meetings.met.size === 0 && gone.length === 0) return undefined;
    return { changed: [...meetings.met], left: gone };
  }

  /** Users who came and went in a room where messages are encrypted. */
  private async meet({ task, isNew, slice }: JoinedRoom, since: Positions, { met, parted }: Meetings): Promise<void> {
    const changes = slice.scanned.filter(
      ({ type, stateKey }) => stateKey !== null && (type === MEMBER || type === ENCRYPTION),
    );
    if (!isNew && slice.complete && changes.length === 0) return;
    if (!(await this.isEncrypted(task.room))) return;
    if (!isNew && slice.complete && changes.every((event) => event.type === MEMBER)) {
      for (const event of changes) (membershipOf(event) === 'join' ? met : parted).add(event.stateKey!);
      return;
    }
    for (const member of await this.membership.members(task.room)) {
      if (member.membership === 'join') met.add(member.userId);
      else if (isAfter(member.position, since)) parted.add(member.userId);
    }
  }

  /** The reader left: perhaps they share nothing with the others any more. */
  private async part(room: RoomInfo, { parted }: Meetings): Promise<void> {
    if (!(await this.isEncrypted(room))) return;
    for (const member of await this.membership.members(room)) {
      if (member.membership === 'join' && parted.size < MAX_PARTED) parted.add(member.userId);
    }
  }

  /** Users whose devices changed and who share a room with the reader, the reader among them. */
  private async changedDevices({ requester, window }: Reading, since: Positions): Promise<string[]> {
    const changed = this.log.since(since) ?? (await this.storedSince(requester.userId, window.until, since));
    if (changed.length === 0) return [];
    const shared = await Promise.all(changed.map((userId) => this.membership.shareRoom(requester.userId, userId)));
    return changed.filter((_, index) => shared[index]);
  }

  private async storedSince(reader: string, until: Positions, since: Positions): Promise<string[]> {
    const users = new Set([reader]);
    for (const roomId of await this.membership.joinedRooms(reader)) {
      const room = await this.roomState.info(roomId);
      if (room === undefined || !(await this.isEncrypted(room))) continue;
      for (const member of await this.membership.members(room))
        if (member.membership === 'join') users.add(member.userId);
    }
    return this.devices.changedUsersSince(since, until, [...users]);
  }

  private async strangers(reader: string, { met, parted }: Meetings): Promise<string[]> {
    parted.delete(reader);
    if (parted.size === 0) return [];
    const own = new Set(await this.membership.joinedRooms(reader));
    const gone: string[] = [];
    for (const userId of parted) {
      const shared = (await this.membership.joinedRooms(userId)).filter((roomId) => own.has(roomId));
      const encrypted = await Promise.all(shared.map((roomId) => this.isEncryptedId(roomId)));
      if (!encrypted.includes(true)) gone.push(userId);
    }
    for (const userId of gone) met.delete(userId);
    return gone;
  }

  private async isEncryptedId(roomId: string): Promise<boolean> {
    const room = await this.roomState.info(roomId);
    return room !== undefined && this.isEncrypted(room);
  }

  private async isEncrypted(room: RoomInfo): Promise<boolean> {
    return (await this.roomState.current(room, ENCRYPTION, '')) !== undefined;
  }
}
