import type { AccountData, AccountDataEntry } from '#domain/account-data';
import type { PlainEvent, Reading } from './sync.model';

/** The user's own data: globally, and by room. Two statements when something changed, none else. */
export class AccountDataSection {
  constructor(private readonly accountData: Pick<AccountData, 'globalSince' | 'roomsSince'>) {}

  /** Global entries; with `full_state` too only what is new, because they are not state. */
  async global({ requester, filter, window }: Reading): Promise<PlainEvent[]> {
    const entries = await this.accountData.globalSince(requester.userId, window.since, window.until);
    return entries.filter((entry) => filter.accountData.matches(entry)).map(eventOf);
  }

  /** Entries of rooms by room id. */
  async ofRooms({ requester, filter, window }: Reading): Promise<Map<string, AccountDataEntry[]>> {
    const entries = await this.accountData.roomsSince(requester.userId, window.since, window.until);
    const wanted = entries.filter(
      (entry) => filter.roomAccountData.matches(entry) && filter.roomAccountData.allowsRoom(entry.roomId),
    );
    const byRoom = new Map<string, AccountDataEntry[]>();
    for (const entry of wanted) {
      const others = byRoom.get(entry.roomId);
      if (others === undefined) byRoom.set(entry.roomId, [entry]);
      else others.push(entry);
    }
    return byRoom;
  }

  /** All entries of rooms that are new to a client which knows others. One statement for all of them. */
  async ofNewRooms(reading: Reading): Promise<Map<string, AccountDataEntry[]>> {
    return this.ofRooms({ ...reading, window: { ...reading.window, since: undefined } });
  }
}

/** An entry as an event. */
export function eventOf({ type, content }: AccountDataEntry): PlainEvent {
  return { type, content };
}
