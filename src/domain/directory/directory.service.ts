import type { Clock } from '#kernel/time';
import type { Storage } from '#platform/storage/storage';
import type { Membership } from '../membership';
import type { RoomState } from '../room-state';
import type { Timeline } from '../timeline';
import { Aliases } from './aliases.service';
import { DirectoryEntries } from './directory-entries.service';
import type { DirectoryConfig } from './directory.config';
import type { RemoteDirectory } from './directory.ports';
import { PublicRooms } from './public-rooms.service';
import { RoomModeration } from './room-moderation.service';

/** How rooms are found: by alias and in the public list. Registers itself with the timeline. */
export class Directory {
  readonly aliases: Aliases;
  readonly publicRooms: PublicRooms;

  constructor(
    config: DirectoryConfig,
    storage: Storage,
    deps: {
      readonly roomState: Pick<RoomState, 'info' | 'infoByNid'>;
      readonly timeline: Pick<Timeline, 'currentState' | 'send' | 'addParticipant' | 'addRule'>;
      readonly membership: Pick<Membership, 'of' | 'servers'>;
    },
    now: Clock,
  ) {
    const moderation = new RoomModeration(deps.timeline, deps.membership);
    this.aliases = new Aliases(config, storage, { ...deps, moderation, now });
    this.publicRooms = new PublicRooms(config, storage, deps.roomState, moderation);
    deps.timeline.addParticipant(new DirectoryEntries());
    deps.timeline.addRule(this.aliases);
  }

  /** Binds who asks other servers. Called while composing, before the first request. */
  bind(remote: RemoteDirectory): void {
    this.aliases.bind(remote);
    this.publicRooms.bind(remote);
  }
}
