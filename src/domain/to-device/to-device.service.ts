import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DeviceDependant, Devices } from '#domain/devices';
import { InvalidParamError, TooLargeError } from '#kernel/errors';
import { isValidUserId, MAX_ID_BYTES, serverNameOf, utf8Length } from '#kernel/ids';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import { RecentChanges } from '#platform/cache/recent-changes';
import type { Change, Positions, Storage, Tx } from '#platform/storage/storage';
import type { SendToDevice, ToDeviceBatch, ToDeviceMessage } from './to-device.model';
import type { RemoteToDevice } from './to-device.ports';
import { ToDeviceReader, ToDeviceWriter } from './to-device.repository';
import { TO_DEVICE_STREAM, type ToDeviceNews } from './to-device.stream';

/** One message's content, as JSON text: as much as an event. */
export const MAX_CONTENT_BYTES = 65_536;
/** Devices named in one request. */
const MAX_MESSAGES = 10_000;
/** Messages that may wait for one device; a flood beyond it is dropped, as an unreachable device's queue would be. */
const MAX_WAITING = 20_000;
/** How long a transaction id is remembered. */
const REMEMBER_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 3_600_000;
const BEGINNING: Positions = new Map();

/** Messages from device to device. Spec: "Send-to-Device messaging". */
export class ToDevice implements DeviceDependant {
  private readonly changes: RecentChanges<string>;
  /** Up to where a device's queue is known to be empty, so that most syncs need not look. */
  private readonly drained = new LRUCache<string, Positions>({ max: 100_000 });
  /** How many messages wait, by device, for queues that grow. */
  private readonly lengths = new LRUCache<string, number>({ max: 20_000 });
  private remote: RemoteToDevice | undefined;
  private sweptTs = 0;

  constructor(
    private readonly storage: Storage,
    private readonly devices: Devices,
    private readonly serverName: string,
    private readonly now: Clock,
  ) {
    this.changes = new RecentChanges(storage.visible(), 100_000);
    storage.subscribe(TO_DEVICE_STREAM, (change) => this.heard(change));
    devices.attach(this);
  }

  /** Binds what carries messages to other servers. Called while composing. */
  bind(remote: RemoteToDevice): void {
    this.remote = remote;
  }

  /**
   * Sends messages, once per transaction id and device of the sender. Users and devices that are not there are passed over.
   * @throws InvalidParamError, TooLargeError naming the field
   */
  async send(requester: Requester, { type, txnId, messages }: SendToDevice): Promise<void> {
    if (type === '' || utf8Length(type) > MAX_ID_BYTES)
      throw new InvalidParamError(`eventType: 1 to ${MAX_ID_BYTES} bytes`);
    assertAcceptable(messages);
    const hash = requestHash(requester, type, txnId);
    await this.storage.write(async (tx) => {
      if (!(await new ToDeviceWriter(tx).claim(hash, this.now()))) return;
      await this.sweep(tx);
      const { local, remote } = this.byPlace(messages);
      await this.deliver(tx, requester.userId, type, local);
      if (Object.keys(remote).length > 0) await this.remote?.send(tx, requester.userId, type, remote);
    });
  }

  /** Queues messages for local users, in the caller's transaction. Also for what other servers send. */
  async deliver(tx: Tx, sender: string, type: string, messages: ToDeviceBatch): Promise<void> {
    for (const [userId, byDevice] of Object.entries(messages)) {
      const known = (await this.devices.listWithin(tx, userId)).map((device) => device.deviceId);
      const told = new Set<string>();
      for (const [deviceId, content] of Object.entries(byDevice)) {
        const targets = deviceId === '*' ? known : known.filter((id) => id === deviceId);
        for (const id of await this.enqueue(tx, userId, targets, sender, type, content)) told.add(id);
      }
      if (told.size > 0) this.announce(tx, userId, [...told]);
    }
  }

  /**
   * Messages for a device after `since` (undefined: all that wait), up to `until`, oldest first, at most `limit`. When
   * `limit` came back there may be more: a sync then ends at the last one's position, so that the rest is not passed over.
   */
  async messagesSince(
    userId: string,
    deviceId: string,
    since: Positions | undefined,
    until: Positions,
    limit: number,
  ): Promise<ToDeviceMessage[]> {
    const key = keyOf(userId, deviceId);
    if (!this.changes.mayHaveChanged(key, since ?? BEGINNING)) return [];
    return new ToDeviceReader(this.storage).messages(userId, deviceId, since ?? BEGINNING, until, limit);
  }

  /** Drops what a device has received: everything up to the position it syncs from. Writes only when there is something. */
  async deleteUpTo(userId: string, deviceId: string, upTo: Positions): Promise<void> {
    const key = keyOf(userId, deviceId);
    const drained = this.drained.get(key);
    if (drained !== undefined && !this.changes.mayHaveChanged(key, drained)) return;
    if (await new ToDeviceReader(this.storage).anyUpTo(userId, deviceId, upTo)) {
      await this.storage.write((tx) => new ToDeviceWriter(tx).removeUpTo(userId, deviceId, upTo));
      this.lengths.delete(key);
    }
    this.drained.set(key, upTo);
  }

  /** Drops what waits for devices that are being removed. */
  async devicesRemoved(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    await new ToDeviceWriter(tx).removeDevices(userId, deviceIds);
    for (const deviceId of deviceIds) this.lengths.delete(keyOf(userId, deviceId));
  }

  private async enqueue(
    tx: Tx,
    userId: string,
    targets: readonly string[],
    sender: string,
    type: string,
    content: JsonObject,
  ): Promise<readonly string[]> {
    const open: string[] = [];
    for (const id of targets) if (await this.hasRoom(tx, userId, id)) open.push(id);
    if (open.length === 0) return open;
    const message = { sender, type, content: JSON.stringify(content) };
    await new ToDeviceWriter(tx).insert(userId, open, message, tx.position());
    return open;
  }

  /** Counts a message in; a queue is counted in the database once, not for each message. */
  private async hasRoom(tx: Tx, userId: string, deviceId: string): Promise<boolean> {
    const key = keyOf(userId, deviceId);
    const waiting = this.lengths.get(key) ?? (await new ToDeviceReader(tx).waiting(userId, deviceId));
    this.lengths.set(key, waiting + 1);
    return waiting < MAX_WAITING;
  }

  private announce(tx: Tx, userId: string, deviceIds: readonly string[]): void {
    const payload: ToDeviceNews = { deviceIds };
    const change = { stream: TO_DEVICE_STREAM, key: userId, position: tx.position(), payload };
    tx.publish(change);
    tx.afterCommit(() => this.heard(change));
  }

  private heard({ key, position, payload }: Change): void {
    for (const deviceId of (payload as ToDeviceNews).deviceIds) this.changes.note(keyOf(key, deviceId), position);
  }

  private byPlace(messages: ToDeviceBatch): { local: ToDeviceBatch; remote: ToDeviceBatch } {
    const isLocal = (userId: string) => serverNameOf(userId) === this.serverName;
    const entries = Object.entries(messages);
    return {
      local: Object.fromEntries(entries.filter(([userId]) => isLocal(userId))),
      remote: Object.fromEntries(entries.filter(([userId]) => !isLocal(userId))),
    };
  }

  private async sweep(tx: Tx): Promise<void> {
    if (this.now() - this.sweptTs < SWEEP_EVERY_MS) return;
    this.sweptTs = this.now();
    await new ToDeviceWriter(tx).forgetClaimsBefore(this.now() - REMEMBER_MS);
  }
}

function assertAcceptable(messages: ToDeviceBatch): void {
  let count = 0;
  for (const [userId, byDevice] of Object.entries(messages)) {
    if (!isValidUserId(userId)) throw new InvalidParamError('messages: keys must be user IDs');
    for (const content of Object.values(byDevice)) {
      if (++count > MAX_MESSAGES) throw new TooLargeError(`messages: more than ${MAX_MESSAGES} devices at once`);
      if (utf8Length(JSON.stringify(content)) > MAX_CONTENT_BYTES) {
        throw new TooLargeError(`messages: a content is longer than ${MAX_CONTENT_BYTES} bytes`);
      }
    }
  }
}

/** What makes two requests the same: sender, device (for a token without one, the token), path. */
function requestHash(requester: Requester, type: string, txnId: string): string {
  const scope = requester.deviceId ?? requester.tokenId;
  return createHash('sha256')
    .update(JSON.stringify([requester.userId, scope, type, txnId]))
    .digest('hex');
}

function keyOf(userId: string, deviceId: string): string {
  return `${userId}\n${deviceId}`;
}
