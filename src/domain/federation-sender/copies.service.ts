import type { Storage } from '#platform/storage/storage';
import type { OutgoingEvent } from '../event-views';
import type { JoinedServers } from '../membership';
import { CopiesReader, CopiesWriter } from './copies.repository';
import type { Parcels } from './parcels.service';

/** Copies for one server: the events that it may have, and the numbers of all that its rows are for. */
export interface CopyParcel {
  readonly events: readonly OutgoingEvent[];
  readonly eventNids: readonly number[];
}

/** Finds the events that a server is to get which it was not known to lack when they were sent. See `Copying`. */
export class Copies {
  private readonly reader: CopiesReader;

  constructor(
    private readonly parts: {
      readonly storage: Storage;
      readonly servers: Pick<JoinedServers, 'has'>;
      readonly parcels: Pick<Parcels, 'again'>;
    },
  ) {
    this.reader = new CopiesReader(parts.storage);
  }

  /** The next copies for a server, but for those of rooms in which it is no more. */
  async next(destination: string, limit: number): Promise<CopyParcel> {
    const { servers, parcels } = this.parts;
    const copies = await this.reader.of(destination, limit);
    const wanted: number[] = [];
    for (const { eventNid, roomNid } of copies) {
      if (await servers.has({ nid: roomNid }, destination)) wanted.push(eventNid);
    }
    const events = await parcels.again(destination, wanted);
    return { events, eventNids: copies.map(({ eventNid }) => eventNid) };
  }

  /** The server has them, or will never take them. */
  async settled(destination: string, eventNids: readonly number[]): Promise<void> {
    if (eventNids.length === 0) return;
    await this.parts.storage.write((tx) => new CopiesWriter(tx).remove(destination, eventNids));
  }
}
