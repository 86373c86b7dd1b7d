import type { Storage } from '#platform/storage/storage';
import { TIMELINE_STREAM } from '../timeline.stream';

/** Wakes whoever follows one room, by one subscription for all of them. */
export class RoomWatchers {
  private readonly byRoom = new Map<string, Set<() => void>>();

  constructor(storage: Storage) {
    storage.subscribe(TIMELINE_STREAM, ({ key }) => this.byRoom.get(key)?.forEach((wake) => wake()));
  }

  /** Calls `wake` after every commit of events in the room, once they can be read; returns what ends that. */
  watch(roomId: string, wake: () => void): () => void {
    const watching = this.byRoom.get(roomId) ?? new Set();
    this.byRoom.set(roomId, watching.add(wake));
    return () => {
      watching.delete(wake);
      if (watching.size === 0 && this.byRoom.get(roomId) === watching) this.byRoom.delete(roomId);
    };
  }
}
