import { InvalidParamError, NotFoundError } from '#kernel/errors';
import { MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { randomLetters } from '#kernel/random';
import type { Clock } from '#kernel/time';
import type { Positions, Storage, Tx } from '#platform/storage/storage';
import type { Device, Sighting } from './devices.model';
import type { DeviceDependant } from './devices.ports';
import { DevicesReader, DevicesWriter } from './devices.repository';
import { DEVICE_LISTS_STREAM } from './devices.stream';
import { LastSeen } from './last-seen.job';

export const MAX_DISPLAY_NAME_CHARACTERS = 256;
/** Devices named in one deletion. */
const MAX_DELETED_AT_ONCE = 1_000;
/** Printable, without separators that logs and keys would trip over. */
const UNTIDY = /[\p{Cc}\p{Cs}]/u;

/** The devices of local users, and which users' device lists changed. */
export class Devices {
  readonly lastSeen: LastSeen;
  private readonly dependants: DeviceDependant[] = [];

  constructor(
    private readonly storage: Storage,
    private readonly now: Clock,
    onError: (error: unknown) => void,
  ) {
    this.lastSeen = new LastSeen(storage, now, onError);
  }

  /** Registers a feature that keeps things for devices. Called while composing, before the first request. */
  attach(dependant: DeviceDependant): void {
    this.dependants.push(dependant);
  }

  async get(userId: string, deviceId: string): Promise<Device | undefined> {
    const device = await new DevicesReader(this.storage).find(userId, deviceId);
    return device && this.lastSeen.overlay(device);
  }

  /** A user's devices, by id. */
  async list(userId: string): Promise<Device[]> {
    const devices = await new DevicesReader(this.storage).list(userId);
    return devices.map((device) => this.lastSeen.overlay(device));
  }

  /** The device ids of users, within the caller's transaction. Users without devices are absent. */
  idsWithin(tx: Tx, userIds: readonly string[]): Promise<Map<string, string[]>> {
    return new DevicesReader(tx).idsOf(userIds);
  }

  /** The users among `userIds` whose device lists changed after `since`, up to `until`. For `/sync`. */
  changedUsersSince(since: Positions, until: Positions, userIds: readonly string[]): Promise<string[]> {
    return new DevicesReader(this.storage).changedUsers(since, until, userIds);
  }

  /** Notes that a device made a request; written in batches. */
  seen(userId: string, deviceId: string, sighting: Sighting): void {
    this.lastSeen.record(userId, deviceId, sighting);
  }

  /** A new device id in the customary form: ten capital letters. */
  generateId(): string {
    return randomLetters(10);
  }

  /** @throws InvalidParamError when a client's choice of device id cannot be stored and shown */
  assertValidId(deviceId: string): void {
    if (deviceId === '' || utf8Length(deviceId) > MAX_ID_BYTES || UNTIDY.test(deviceId)) {
      throw new InvalidParamError(`device_id: 1 to ${MAX_ID_BYTES} bytes without control characters`);
    }
  }

  /** @throws InvalidParamError naming `field` */
  assertValidDisplayName(name: string, field: string): void {
    if (name.length > MAX_DISPLAY_NAME_CHARACTERS) {
      throw new InvalidParamError(`${field}: longer than ${MAX_DISPLAY_NAME_CHARACTERS} characters`);
    }
  }

  /** Makes the device of a sign-in unless it is there; the display name counts for new devices only. True when new. */
  async ensure(tx: Tx, userId: string, deviceId: string, displayName: string | null): Promise<boolean> {
    const inserted = await new DevicesWriter(tx).insert(userId, deviceId, displayName, this.now());
    if (inserted) await this.announceChange(tx, userId);
    return inserted;
  }

  /** Gives a device another name; undefined leaves it as it is. @throws NotFoundError, InvalidParamError */
  async rename(userId: string, deviceId: string, displayName: string | undefined): Promise<void> {
    if (displayName !== undefined) this.assertValidDisplayName(displayName, 'display_name');
    await this.storage.write(async (tx) => {
      const devices = new DevicesWriter(tx);
      const device = await devices.find(userId, deviceId);
      if (device === undefined) throw new NotFoundError('No such device');
      if (displayName === undefined || device.displayName === displayName) return;
      await devices.rename(userId, deviceId, displayName);
      await this.announceChange(tx, userId);
    });
  }

  /** Removes devices with all that belongs to them. Ids that are not there are passed over. */
  async remove(userId: string, deviceIds: readonly string[]): Promise<void> {
    if (deviceIds.length > MAX_DELETED_AT_ONCE) {
      throw new InvalidParamError(`devices: more than ${MAX_DELETED_AT_ONCE} at once`);
    }
    await this.storage.write((tx) => this.removeWithin(tx, userId, deviceIds));
  }

  /** {@link remove} within the caller's transaction. */
  async removeWithin(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    const devices = new DevicesWriter(tx);
    const existing = await devices.existing(userId, deviceIds);
    if (existing.length === 0) return;
    await devices.remove(userId, existing);
    for (const dependant of this.dependants) await dependant.devicesRemoved(tx, userId, existing);
    await this.announceChange(tx, userId);
  }

  /** Removes all devices of a user but one, or all. */
  async removeAllWithin(tx: Tx, userId: string, except: string | null = null): Promise<void> {
    const all = await new DevicesReader(tx).list(userId);
    const others = all.map((device) => device.deviceId).filter((id) => id !== except);
    await this.removeWithin(tx, userId, others);
  }

  /** Notes a change of a user's device list, at a new position. Also for changes of their keys. */
  async announceChange(tx: Tx, userId: string): Promise<void> {
    const position = tx.position();
    await new DevicesWriter(tx).listChanged(userId, position);
    tx.publish({ stream: DEVICE_LISTS_STREAM, key: userId, position });
  }
}
