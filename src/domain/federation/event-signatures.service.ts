import { setImmediate as breathe } from 'node:timers/promises';
import { InvalidParamError } from '#kernel/errors';
import { requiredSigners, verifyEventSignature, type InspectedEvent } from '#protocol/events/index';
import type { RoomVersion } from '#protocol/room-versions';
import { signingKeyIds } from '#protocol/signing/index';
import type { WantedKey } from './server-keys.model';
import type { KeyFinder, ServerKeys } from './server-keys.service';

type Signed = Pick<InspectedEvent, 'pdu' | 'signedText'>;

/** Signatures checked between two turns of the event loop, about 10 ms. */
const BATCH = 64;
/** Of one server on one event. */
const MAX_SIGNATURES = 8;

/** Checks events' signatures. Spec: server-server, "Checks performed on receipt of a PDU", 2. */
export class EventSignatures {
  constructor(private readonly keys: Pick<ServerKeys, 'find'>) {}

  /**
   * Checks many events of rooms of one version. The answer has an error for each that must be dropped and undefined for
   * each good one, in their order. All keys that are missing are fetched at the same time, on behalf of `bringer`, the
   * server that brought the events.
   */
  async verify(
    version: RoomVersion,
    events: readonly Signed[],
    bringer: string,
  ): Promise<(InvalidParamError | undefined)[]> {
    const needed = events.map((event) => signaturesOf(version, event));
    const find = await this.keys.find([...unique(needed)], bringer);
    const verdicts: (InvalidParamError | undefined)[] = [];
    for (const [index, event] of events.entries()) {
      if (index > 0 && index % BATCH === 0) await breathe();
      verdicts.push(verdictOn(event, needed[index]!, find));
    }
    return verdicts;
  }
}

/** By server that must have signed: the keys it says it signed with. */
type Needed = ReadonlyMap<string, readonly WantedKey[]>;

function signaturesOf(version: RoomVersion, { pdu }: Signed): Needed {
  const at = version.enforcesKeyValidity ? pdu.origin_server_ts : null;
  return new Map(
    requiredSigners(version, pdu).map((serverName) => {
      const keyIds = signingKeyIds(pdu, serverName).slice(0, MAX_SIGNATURES);
      return [serverName, keyIds.map((keyId) => ({ serverName, keyId, at }))];
    }),
  );
}

function* unique(needed: readonly Needed[]): Generator<WantedKey> {
  const seen = new Map<string, WantedKey>();
  for (const one of needed.flatMap((each) => [...each.values()].flat())) {
    const key = JSON.stringify([one.serverName, one.keyId]);
    const before = seen.get(key);
    // A key that is good for the latest event decides whether to fetch for all.
    if (before === undefined || (one.at ?? 0) > (before.at ?? 0)) seen.set(key, one);
  }
  yield* seen.values();
}

function verdictOn(event: Signed, needed: Needed, find: KeyFinder): InvalidParamError | undefined {
  for (const [serverName, signatures] of needed) {
    const good = signatures.some((wanted) => {
      const key = find(wanted);
      return key !== undefined && verifyEventSignature(event, serverName, wanted.keyId, key);
    });
    if (!good) return new InvalidParamError(`The event lacks a valid signature of ${serverName.slice(0, 255)}`);
  }
  return undefined;
}
