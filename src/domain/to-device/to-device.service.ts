import type { DeviceDependant, Devices } from '#domain/devices';
import { serverNameOf } from '#kernel/ids';
import type { Requester } from '#kernel/requester';
import type { Clock } from '#kernel/time';
import type { Positions, Storage, Tx } from '#platform/storage/storage';
import { DeviceQueues } from './device-queues.service';
import { assertAcceptable, requestHash } from './send-request.model';
import type { SendToDevice, ToDeviceBatch, ToDeviceMessage } from './to-device.model';
import type { RemoteToDevice } from './to-device.ports';
import { ToDeviceWriter, type QueuedMessage } from './to-device.repository';

/** How long a transaction id is remembered. */
const REMEMBER_MS = 24 * 3_600_000;
const SWEEP_EVERY_MS = 3_600_000;

/** Messages from device to device. Spec: "Send-to-Device messaging". */
export class ToDevice implements DeviceDependant {
  private readonly queues: DeviceQueues;
  private remote: RemoteToDevice | undefined;
  private sweptTs = 0;

  constructor(
    private readonly storage: Storage,
    private readonly devices: Devices,
    private readonly serverName: string,
    private readonly now: Clock,
  ) {
    this.queues = new DeviceQueues(storage);
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
  async send(requester: Requester, request: SendToDevice): Promise<void> {
    assertAcceptable(request);
    const hash = requestHash(requester, request);
    await this.storage.write(async (tx) => {
      if (!(await new ToDeviceWriter(tx).claim(hash, this.now()))) return;
      await this.sweep(tx);
      const { local, remote } = this.byPlace(request.messages);
      await this.deliver(tx, requester.userId, request.type, local);
      if (Object.keys(remote).length > 0) await this.remote?.send(tx, requester.userId, request.type, remote);
    });
  }

  /** Queues messages for local users, in the caller's transaction. Also for what other servers send. */
  async deliver(tx: Tx, sender: string, type: string, messages: ToDeviceBatch): Promise<void> {
    const devices = await this.devices.idsWithin(tx, Object.keys(messages));
    const queued: QueuedMessage[] = [];
    for (const [userId, byDevice] of Object.entries(messages)) {
      const known = devices.get(userId) ?? [];
      for (const [wanted, content] of Object.entries(byDevice)) {
        const text = JSON.stringify(content);
        for (const deviceId of wanted === '*' ? known : known.filter((id) => id === wanted)) {
          queued.push({ userId, deviceId, sender, type, content: text });
        }
      }
    }
    await this.queues.add(tx, queued);
  }

  /**
   * Messages for a device after `since` (undefined: all that wait), up to `until`, oldest first, at most `limit`. When
   * `limit` came back there may be more: a sync then says in its token how far it came.
   */
  messagesSince(
    userId: string,
    deviceId: string,
    since: Positions | undefined,
    until: Positions,
    limit: number,
  ): Promise<ToDeviceMessage[]> {
    return this.queues.read(userId, deviceId, since, until, limit);
  }

  /** Drops what a device has received: everything up to the position it syncs from. */
  deleteUpTo(userId: string, deviceId: string, upTo: Positions): Promise<void> {
    return this.queues.removeUpTo(userId, deviceId, upTo);
  }

  /** Drops what waits for devices that are being removed. */
  devicesRemoved(tx: Tx, userId: string, deviceIds: readonly string[]): Promise<void> {
    return this.queues.removeDevices(tx, userId, deviceIds);
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
