import type { Storage } from '#platform/storage/storage';
import type { RoomInfo, RoomState } from '../room-state';
import { AppendingBeside } from './appending-beside.service';
import { AuthChains } from './auth-chains.service';
import type { Committer } from './committer.service';
import { EventJudge } from './event-judge.service';
import { EventPlacing } from './event-placing.service';
import type { EventMaker } from './event-maker.service';
import { ExtremityMerging } from './extremity-merging.service';
import type { EventStore } from './event-store.service';
import { Templates } from './event-templates.service';
import { GraphReads } from './graph-reads.service';
import { History } from './history.service';
import { IncomingChecks } from './incoming-checks.service';
import type { IngestPorts } from './ingest.ports';
import { Ingest } from './ingest.service';
import { Inquiries } from './inquiries.service';
import { MissingEvents } from './missing-events.service';
import { Outliers } from './outliers.service';
import { PartialStates } from './partial-states.service';
import { RestatedRooms } from './restated-rooms.service';
import type { RoomHead } from './room-head.model';
import { RoomImports } from './room-imports.service';
import type { RoomPlaces } from './room-places.service';
import type { RoomHeads } from './room-heads.service';
import { StateResolver } from './state-resolver.service';
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
  bind(ports: IngestPorts, onError: (error: unknown) => void): void;
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
  inQueue<T>(room: RoomInfo, work: (head: RoomHead) => Promise<T>): Promise<T>;
}

/** Puts together what takes events from elsewhere in, on the same heads and committer as our own. */
export function composeElsewhere(heart: TimelineHeart): ElsewhereParts {
  const { config, storage, rooms, store, heads, maker, committer, places, now, inQueue } = heart;
  let bound: IngestPorts | undefined;
  let report: (error: unknown) => void = () => undefined;
  const onError = (error: unknown): void => report(error);
  const ports = (): IngestPorts => {
    if (bound === undefined) throw new Error('the ingest is not bound to federation');
    return bound;
  };
  const chains = new AuthChains(storage);
  const judge = new EventJudge(rooms, store);
  const resolver = new StateResolver(rooms, store, chains);
  const placing = new EventPlacing(storage, rooms, heads, store, judge, resolver, committer);
  const checks = new IncomingChecks(rooms, store, () => ports().verifier);
  const outliers = new Outliers(storage, heads, store, judge);
  const missing = new MissingEvents(storage, rooms, checks, outliers, () => ports().source);
  const inquiries = new Inquiries({
    servers: () => ports().servers,
    allows: (room, server) => checks.allows(room, server),
  });
  const partial = new PartialStates(storage, rooms);
  const restated = new RestatedRooms(storage);
  const policy = () => bound?.policy;
  const beside = new AppendingBeside({
    serverName: config.serverName,
    maker,
    placing,
    judge,
    resolver,
    partial,
    policy,
    inQueue,
  });
  const merging = new ExtremityMerging({ heads, ports, append: (room, draft) => beside.append(room, draft) });
  const asking = { missing, inquiries };
  const ingest = new Ingest({
    storage,
    rooms,
    heads,
    placing,
    checks,
    ...asking,
    partial,
    merging,
    ports,
    now,
    onError,
  });
  return {
    ingest,
    imports: new RoomImports({
      serverName: config.serverName,
      storage,
      rooms,
      heads,
      events: store,
      judge,
      checks,
      missing,
      partial,
      committer,
      places,
      restated,
    }),
    templates: new Templates(config, heads, now),
    partial,
    restated,
    history: new History({ storage, heads, events: store, placing, ...asking, ports: () => bound, onError }),
    graph: new GraphReads(storage, store, chains, checks),
    beside,
    bind: (given, onFailure) => {
      bound = given;
      report = onFailure;
    },
  };
}
