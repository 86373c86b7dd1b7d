import { BadJsonError, InvalidParamError, type MatrixError } from '#kernel/errors';
import { MAX_ID_BYTES, utf8Length } from '#kernel/ids';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import type { Clock } from '#kernel/time';
import { Hourly } from '#platform/jobs/hourly';
import type { Storage } from '#platform/storage/storage';
import { eventIdOf, type Pdu } from '#protocol/events/index';
import { ownString } from '#protocol/json-access';
import { roomVersion } from '#protocol/room-versions';
import type { RoomState } from '../room-state';
import type { IncomingEvents } from '../timeline';
import type { Dismissals } from './dismissals.service';
import type { Ephemerals } from './ephemerals.service';
import type { RoomAcls, RoomArrivals } from './federation-inbound.ports';
import { Lanes } from './lanes.service';
import { ReceivedTransactionsReader, ReceivedTransactionsWriter } from './received-transactions.repository';

/** Spec: server-server, "Transactions". */
const MAX_PDUS = 50;
const MAX_EDUS = 100;
const KEPT_MS = 24 * 3_600_000;

export interface ReceivedTransaction {
  readonly pdus: readonly JsonValue[];
  readonly edus: readonly JsonValue[];
}

/** What became of each event, by id: an error, or nothing. */
export type TransactionAnswer = Record<string, { error?: string }>;

/**
 * Takes in what other servers send. A transaction never fails because of what is in it; a repeated one gets the same
 * answer. Spec: server-server, "Transactions". SECURITY: rows 6, 10, 36.
 */
export class Transactions {
  private readonly lanes = new Lanes();
  private readonly underWay = new Map<string, Promise<TransactionAnswer>>();
  private readonly forgetting = new Hourly(() => this.forget());

  constructor(
    private readonly parts: {
      readonly storage: Storage;
      readonly rooms: Pick<RoomState, 'info'>;
      readonly incoming: Pick<IncomingEvents, 'receive'>;
      readonly acls: RoomAcls;
      readonly arrivals: RoomArrivals;
      readonly dismissals: Pick<Dismissals, 'receive'>;
      readonly ephemerals: Pick<Ephemerals, 'receive'>;
      readonly now: Clock;
      readonly onError: (error: unknown) => void;
    },
  ) {}

  /** Forgets old answers now and then. */
  start(): void {
    this.forgetting.start(this.parts.onError);
  }

  async stop(): Promise<void> {
    await this.forgetting.stop();
    await Promise.allSettled(this.underWay.values());
  }

  /**
   * @throws BadJsonError for too many events, InvalidParamError for an id longer than identifiers are,
   * LimitExceededError when the server does not wait for answers
   */
  receive(origin: string, txnId: string, transaction: ReceivedTransaction): Promise<TransactionAnswer> {
    const { pdus, edus } = transaction;
    if (utf8Length(txnId) > MAX_ID_BYTES) throw new InvalidParamError('txnId is too long');
    if (pdus.length > MAX_PDUS) throw new BadJsonError(`pdus: more than ${MAX_PDUS}`);
    if (edus.length > MAX_EDUS) throw new BadJsonError(`edus: more than ${MAX_EDUS}`);
    const key = JSON.stringify([origin, txnId]);
    const running = this.underWay.get(key);
    if (running !== undefined) return running;
    const answer = this.lanes
      .run(origin, () => this.process(origin, txnId, transaction))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, answer);
    return answer;
  }

  private async process(
    origin: string,
    txnId: string,
    { pdus, edus }: ReceivedTransaction,
  ): Promise<TransactionAnswer> {
    const { storage, ephemerals, now } = this.parts;
    const before = await new ReceivedTransactionsReader(storage).answer(origin, txnId);
    if (before !== undefined) return JSON.parse(before) as TransactionAnswer;
    await this.awaitRooms(pdus);
    const answer = await this.takeEvents(origin, pdus);
    // After the events: receipts are for some of them.
    await ephemerals.receive(origin, edus);
    const text = JSON.stringify(answer);
    await storage.write((tx) => new ReceivedTransactionsWriter(tx).keep(origin, txnId, text, now()));
    return answer;
  }

  /** What is said in a room that a user of ours is just entering comes from servers that were told so before this one. */
  private async awaitRooms(pdus: readonly JsonValue[]): Promise<void> {
    const roomIds = pdus.flatMap((pdu) => (isJsonObject(pdu) ? (ownString(pdu, 'room_id') ?? []) : []));
    for (const roomId of new Set(roomIds)) await this.parts.arrivals.settled(roomId);
  }

  private async takeEvents(origin: string, pdus: readonly JsonValue[]): Promise<TransactionAnswer> {
    const answer: TransactionAnswer = Object.create(null) as TransactionAnswer;
    const allowed: JsonValue[] = [];
    for (const pdu of pdus) {
      const refused = await this.refusedByAcl(origin, pdu);
      if (refused !== undefined) {
        if (refused !== '') answer[refused] = { error: `${origin} is denied by the room's ACL` };
        continue;
      }
      const dismissal = await this.parts.dismissals.receive(origin, pdu);
      if (dismissal === undefined) allowed.push(pdu);
      else answer[dismissal] = {};
    }
    for (const { eventId, status, error } of allowed.length === 0
      ? []
      : await this.parts.incoming.receive(origin, allowed)) {
      if (eventId === undefined) continue;
      const failed = status === 'dropped' || status === 'rejected';
      answer[eventId] = failed ? { error: messageOf(error) } : {};
    }
    return answer;
  }

  /** The id of an event whose room shuts the sending server out ('' when it has none); undefined when it may come in. */
  private async refusedByAcl(origin: string, pdu: JsonValue): Promise<string | undefined> {
    const roomId = isJsonObject(pdu) ? ownString(pdu, 'room_id') : undefined;
    const room = roomId === undefined ? undefined : await this.parts.rooms.info(roomId);
    if (room === undefined || (await this.parts.acls.allows(room, origin))) return undefined;
    try {
      return eventIdOf(roomVersion(room.version), pdu as JsonObject as Pdu);
    } catch {
      return '';
    }
  }

  private async forget(): Promise<void> {
    const { storage, now } = this.parts;
    await storage.write((tx) => new ReceivedTransactionsWriter(tx).forgetBefore(now() - KEPT_MS));
  }
}

function messageOf(error: MatrixError | undefined): string {
  return error === undefined ? 'The event was not accepted' : `${error.errcode}: ${error.message}`;
}
