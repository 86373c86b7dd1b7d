import { LRUCache } from 'lru-cache';
import { atMost } from '#platform/cache/at-most';
import { RecentChanges } from '#platform/cache/recent-changes';
import type { Change, Positions, Storage, Tx } from '#platform/storage/storage';
import type { ToDeviceMessage } from './to-device.model';
import { ToDeviceReader, ToDeviceWriter, type QueuedMessage } from './to-device.repository';
import { TO_DEVICE_STREAM, type ToDeviceNews } from './to-device.stream';

/** Messages that may wait for one device; a flood beyond it is dropped, as an unreachable device's queue would be. */
const MAX_WAITING = 20_000;
const BEGINNING: Positions = new Map();

/** What waits for each device, in order. */
export class DeviceQueues {
  private readonly changes: RecentChanges<string>;
  /** Up to where a device's queue is known to be empty, so that most syncs need not look. */
  private readonly drained = new LRUCache<string, Positions>(atMost(100_000));
  /** How many messages wait, by device, for queues that grow. */
  private readonly lengths = new LRUCache<string, number>(atMost(20_000));

  constructor(private readonly storage: Storage) {
    this.changes = new RecentChanges(storage.visible(), 100_000);
    storage.subscribe(TO_DEVICE_STREAM, (change) => this.heard(change));
  }

  /** Adds messages, one statement for all, and wakes whoever waits for them. */
  async add(tx: Tx, messages: readonly QueuedMessage[]): Promise<void> {
    const added: QueuedMessage[] = [];
    for (const message of messages) if (await this.hasRoom(tx, message.userId, message.deviceId)) added.push(message);
    if (added.length === 0) return;
    await new ToDeviceWriter(tx).insert(added.map((message) => ({ ...message, position: tx.position() })));
    const told = new Map<string, Set<string>>();
    for (const { userId, deviceId } of added) told.set(userId, (told.get(userId) ?? new Set()).add(deviceId));
    for (const [userId, deviceIds] of told) this.announce(tx, userId, [...deviceIds]);
  }

  private announce(tx: Tx, userId: string, deviceIds: readonly string[]): void {
    const payload: ToDeviceNews = { deviceIds };
    const change = { stream: TO_DEVICE_STREAM, key: userId, position: tx.position(), payload };
    tx.publish(change);
    tx.afterCommit(() => this.heard(change));
  }

  /** Messages after `since` (undefined: all that wait), up to `until`, oldest first, at most `limit`. */
  async read(
    userId: string,
    deviceId: string,
    since: Positions | undefined,
    until: Positions,
    limit: number,
  ): Promise<ToDeviceMessage[]> {
    if (!this.changes.mayHaveChanged(keyOf(userId, deviceId), since ?? BEGINNING)) return [];
    return new ToDeviceReader(this.storage).messages(userId, deviceId, since ?? BEGINNING, until, limit);
  }

  /** Drops everything up to a position. Writes only when there is something. */
  async removeUpTo(userId: string, deviceId: string, upTo: Positions): Promise<void> {
    const key = keyOf(userId, deviceId);
    const drained = this.drained.get(key);
    if (drained !== undefined && !this.changes.mayHaveChanged(key, drained)) return;
    if (await new ToDeviceReader(this.storage).anyUpTo(userId, deviceId, upTo)) {
      await this.storage.write((tx) => new ToDeviceWriter(tx).removeUpTo(userId, deviceId, upTo));
      this.lengths.delete(key);
    }
    this.drained.set(key, upTo);
  }

  /** Drops the whole queues of devices that are being removed. */
  async removeDevices(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    await new ToDeviceWriter(tx).removeDevices(userId, deviceIds);
    for (const deviceId of deviceIds) this.lengths.delete(keyOf(userId, deviceId));
  }

  /** Counts a message in; a queue is counted in the database once, not for each message. */
  private async hasRoom(tx: Tx, userId: string, deviceId: string): Promise<boolean> {
    const key = keyOf(userId, deviceId);
    const waiting = this.lengths.get(key) ?? (await new ToDeviceReader(tx).waiting(userId, deviceId));
    this.lengths.set(key, waiting + 1);
    return waiting < MAX_WAITING;
  }

  private heard({ key, position, payload }: Change): void {
    for (const deviceId of (payload as ToDeviceNews).deviceIds) this.changes.note(keyOf(key, deviceId), position);
  }
}

function keyOf(userId: string, deviceId: string): string {
  return `${userId}\n${deviceId}`;
}
