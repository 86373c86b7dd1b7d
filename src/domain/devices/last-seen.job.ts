import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import { DevicesWriter } from './devices.repository';
import type { Device, Sighting } from './devices.model';

interface Seen extends Sighting {
  readonly userId: string;
  readonly deviceId: string;
  readonly ts: number;
}

const FLUSH_MS = 60_000;
/** A device that keeps asking from the same place is written once in this time. */
const RESOLUTION_MS = 5 * 60_000;
const MAX_REMEMBERED = 100_000;
const MAX_USER_AGENT = 512;
const MAX_IP = 64;

/**
 * Remembers when and from where each device was last seen, and writes it down once a minute in one transaction, so that a
 * request costs no write of its own. A crash loses a minute of it.
 */
export class LastSeen {
  private readonly recent = new Map<string, Seen>();
  private unwritten = new Map<string, Seen>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly storage: Storage,
    private readonly now: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.flush().catch(this.onError), FLUSH_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  record(userId: string, deviceId: string, sighting: Sighting): void {
    const key = keyOf(userId, deviceId);
    const before = this.recent.get(key);
    const ip = sighting.ip.slice(0, MAX_IP);
    const userAgent = sighting.userAgent?.slice(0, MAX_USER_AGENT) ?? null;
    const ts = this.now();
    if (before && before.ip === ip && before.userAgent === userAgent && ts - before.ts < RESOLUTION_MS) return;
    const seen = { userId, deviceId, ts, ip, userAgent };
    if (this.recent.size >= MAX_REMEMBERED) this.recent.clear();
    this.recent.set(key, seen);
    this.unwritten.set(key, seen);
  }

  /** The device as a reader should see it: with what is not written yet. */
  overlay(device: Device): Device {
    const seen = this.unwritten.get(keyOf(device.userId, device.deviceId));
    if (seen === undefined) return device;
    return { ...device, lastSeenTs: seen.ts, lastSeenIp: seen.ip, lastSeenUserAgent: seen.userAgent };
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    if (this.unwritten.size === 0) return;
    const batch = [...this.unwritten.values()];
    this.unwritten = new Map();
    await this.storage.write(async (tx) => {
      const devices = new DevicesWriter(tx);
      for (const seen of batch) await devices.seen(seen.userId, seen.deviceId, seen.ts, seen);
    });
  }
}

function keyOf(userId: string, deviceId: string): string {
  return `${userId}\n${deviceId}`;
}
