import type { Storage } from '#platform/storage/storage';
import type { RoomState } from '../room-state';
import { AppendingBeside } from './sending/appending-beside.service';
import { AuthChains } from './store/auth-chains.service';
import type { Committer } from './writing/committer.service';
import { EventJudge } from './placing/event-judge.service';
import { EventPlacing } from './placing/event-placing.service';
import type { EventMaker } from './sending/event-maker.service';
import { ExtremityMerging } from './sending/extremity-merging.service';
import type { EventStore } from './store/event-store.service';
import { Templates } from './sending/event-templates.service';
import { GraphReads } from './history/graph-reads.service';
import { History } from './history/history.service';
import { IncomingChecks } from './ingest/incoming-checks.service';
import type { IngestBinding } from './ingest/ingest-binding.service';
import { Ingest } from './ingest/ingest.service';
import { Inquiries } from './ingest/inquiries.service';
import { MissingEvents } from './ingest/missing-events.service';
import { Outliers } from './ingest/outliers.service';
import { PartialStates } from './store/partial-states.service';
import { RestatedRooms } from './imports/restated-rooms.service';
import { RoomImports } from './imports/room-imports.service';
import type { RoomPlaces } from './store/room-places.service';
import type { RoomHeads } from './heads/room-heads.service';
import { StateResolver } from './resolving/state-resolver.service';
import type { TimelineConfig } from './timeline.config';

/** The timeline's parts that are about events from elsewhere. */
export interface ElsewhereParts {
  readonly ingest: Ingest;
  readonly imports: RoomImports;
  readonly templates: Templates;
  readonly partial: PartialStates;
  readonly restated: RestatedRooms;
  readonly history: History;
  readonly graph: GraphReads;
  readonly beside: AppendingBeside;
}

export interface TimelineHeart {
  readonly config: TimelineConfig;
  readonly storage: Storage;
  readonly rooms: RoomState;
  readonly store: EventStore;
  readonly heads: RoomHeads;
  readonly maker: EventMaker;
  readonly committer: Committer;
  readonly places: RoomPlaces;
  readonly now: () => number;
  readonly binding: IngestBinding;
}

/** What judges and places events, ours and others', on the same heads and committer. */
function composePlacing({ storage, rooms, store: events, heads, committer }: TimelineHeart) {
  const chains = new AuthChains(storage);
  const judge = new EventJudge(rooms, events);
  const resolver = new StateResolver(rooms, events, chains);
  const placing = new EventPlacing({ storage, rooms, heads, events, judge, resolver, committer });
  return { chains, judge, resolver, placing };
}

/** What checks and fetches events that other servers have. */
function composeFetching({ storage, rooms, store, heads, binding }: TimelineHeart, judge: EventJudge) {
  const checks = new IncomingChecks(rooms, store, () => binding.ports().verifier);
  const outliers = new Outliers(storage, heads, store, judge);
  const missing = new MissingEvents(storage, rooms, checks, outliers, () => binding.ports().source);
  const inquiries = new Inquiries({
    servers: () => binding.ports().servers,
    allows: (room, server) => checks.allows(room, server),
  });
  return { checks, missing, inquiries };
}

/** Puts together what takes events from elsewhere in, and what sends ours beside them. */
export function composeElsewhere(heart: TimelineHeart): ElsewhereParts {
  const { config, storage, rooms, store: events, heads, maker, committer, places, now, binding } = heart;
  const { serverName } = config;
  const { ports, portsIfAny, onError } = binding;
  const { chains, judge, resolver, placing } = composePlacing(heart);
  const { checks, missing, inquiries } = composeFetching(heart, judge);
  const partial = new PartialStates(storage, rooms);
  const restated = new RestatedRooms(storage);
  const policy = () => portsIfAny()?.policy;
  const beside = new AppendingBeside({ serverName, heads, maker, placing, judge, resolver, partial, policy });
  const merging = new ExtremityMerging({ heads, ports, append: (room, draft) => beside.append(room, draft) });
  const common = { storage, rooms, heads, events, placing, checks, missing, inquiries, partial, onError };
  return {
    ingest: new Ingest({ ...common, merging, ports, now }),
    imports: new RoomImports({ ...common, serverName, judge, committer, places, restated }),
    templates: new Templates(config, heads, now),
    partial,
    restated,
    history: new History({ ...common, ports: portsIfAny }),
    graph: new GraphReads(storage, events, chains, checks),
    beside,
  };
}
