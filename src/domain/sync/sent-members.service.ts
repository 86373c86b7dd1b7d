import { LRUCache } from 'lru-cache';
import type { Positions } from '#platform/storage/storage';

/** Member events remembered per device and room; of more than that in one room some are sent again now and then. */
const MEMBERS_PER_ROOM = 500;

interface Sent {
  readonly eventNid: number;
  /** The token of the answer that carried it. */
  readonly at: Positions;
}

/** What one device was sent: by room, then by user. */
interface DeviceMemory {
  readonly rooms: Map<number, Map<string, Sent>>;
  size: number;
}

/**
 * Which member events each lazy-loading device was sent, so that they are not sent again. Only what the client has
 * confirmed counts, by asking from the answer's token or a later one: the answer may have been lost. In memory and bounded;
 * what is forgotten is sent again, which the specification allows. Spec: "Lazy-loading room members".
 */
export class SentMembers {
  private readonly devices: LRUCache<string, DeviceMemory>;

  constructor(maxMembers = 500_000) {
    this.devices = new LRUCache({ maxSize: maxMembers, sizeCalculation: (memory) => memory.size + 1 });
  }

  /** Forgets a device: it begins anew, with nothing kept. */
  forget(device: string): void {
    this.devices.delete(device);
  }

  /** True when the device that asks from `since` already has this member event. */
  knows(device: string, roomNid: number, userId: string, eventNid: number, since: Positions | undefined): boolean {
    if (since === undefined) return false;
    const sent = this.devices.get(device)?.rooms.get(roomNid)?.get(userId);
    return sent !== undefined && sent.eventNid === eventNid && isWithin(sent.at, since);
  }

  /** Notes member events (event by user) that the answer with token `at` carries. */
  note(device: string, roomNid: number, members: ReadonlyMap<string, number>, at: Positions): void {
    if (members.size === 0) return;
    const memory = this.devices.get(device) ?? { rooms: new Map<number, Map<string, Sent>>(), size: 0 };
    const known = memory.rooms.get(roomNid) ?? new Map<string, Sent>();
    memory.size -= known.size;
    for (const [userId, eventNid] of members) {
      known.delete(userId);
      known.set(userId, { eventNid, at });
    }
    for (const userId of known.keys()) {
      if (known.size <= MEMBERS_PER_ROOM) break;
      known.delete(userId);
    }
    memory.size += known.size;
    memory.rooms.set(roomNid, known);
    this.devices.set(device, memory);
  }
}

function isWithin(earlier: Positions, later: Positions): boolean {
  for (const [writer, pos] of earlier) if (pos > (later.get(writer) ?? 0)) return false;
  return true;
}
