import type { Presence } from '#domain/presence';
import type { PlainEvent, Reading } from './sync.model';

/** Who of the people one shares rooms with is online. From memory. */
export class PresenceSection {
  constructor(private readonly presence: Pick<Presence, 'changedSince' | 'initial'>) {}

  async read({ requester, filter, window }: Reading): Promise<PlainEvent[]> {
    if (!filter.presence.allowsType('m.presence')) return [];
    const { since } = window;
    const events =
      since === undefined
        ? await this.presence.initial(requester.userId)
        : await this.presence.changedSince(requester.userId, since);
    const wanted = events.map((event): PlainEvent => ({ ...event, content: { ...event.content } }));
    return wanted.filter((event) => filter.presence.matches(event));
  }
}
