import { startTestFederation, type FederatedServer, type TestFederation } from '../support/federation';
import { startSynapse, type SynapseServer } from '../support/synapse';
import { SYNAPSE_INSTALL_MS } from '../support/synapse-venv';
import { register, registerOnSynapse, type Person } from './people';

export type Side = 'Trellis' | 'Synapse';
export const SIDES: readonly Side[] = ['Trellis', 'Synapse'];

/** Somebody on one side, somebody on the other, and the name of the first one's server. */
export interface Pair {
  readonly host: Person;
  readonly guest: Person;
  readonly home: string;
}

/** A Trellis with Alice and a Synapse with Bob. */
export interface BesideSynapse {
  readonly federation: TestFederation;
  readonly trellis: FederatedServer;
  readonly synapse: SynapseServer;
  readonly alice: Person;
  readonly bob: Person;
  /** Both, the one of `side` first. */
  pair(side: Side): Pair;
}

/** Starts both before the tests of a file, Synapse first, and ends them afterwards. */
export function besideSynapse(): BesideSynapse {
  const federation = startTestFederation();
  let synapse: SynapseServer;
  let trellis: FederatedServer;
  let alice: Person;
  let bob: Person;
  beforeAll(async () => {
    synapse = await startSynapse({ ca: federation.ca });
    trellis = await federation.start();
    alice = await register(trellis, 'alice');
    bob = await registerOnSynapse(synapse, 'bob');
  }, SYNAPSE_INSTALL_MS);
  afterAll(async () => {
    await synapse?.stop();
    await federation.stop();
  });
  return {
    federation,
    get trellis() {
      return trellis;
    },
    get synapse() {
      return synapse;
    },
    get alice() {
      return alice;
    },
    get bob() {
      return bob;
    },
    pair: (side) =>
      side === 'Trellis'
        ? { host: alice, guest: bob, home: trellis.serverName }
        : { host: bob, guest: alice, home: synapse.serverName },
  };
}
