import type { JsonObject } from '#kernel/json';

import { ownString } from '../json-access';
import type { Pdu } from './pdu';

/** An event as clients see it. */
export type ClientEvent = JsonObject & {
  type: string;
  sender: string;
  content: JsonObject;
  event_id: string;
  origin_server_ts: number;
  room_id?: string;
  state_key?: string;
  redacts?: string;
  unsigned?: JsonObject;
};

/** State reduced to what a stranger to the room may have. */
export type StrippedState = JsonObject & { type: string; sender: string; state_key: string; content: JsonObject };

export interface ClientEventOptions {
  /** Sync leaves the room id out: the event stands below its room there. */
  readonly withoutRoomId?: boolean;
  /** Set as it is; whatever `unsigned` came over federation is never shown. */
  readonly unsigned?: JsonObject;
}

/**
 * Writes an event for clients. The target of a redaction stands both at the top level and in the content, in every room
 * version, because old and new clients look in different places. Spec: client-server, "Room event format".
 */
export function formatClientEvent(
  event: { readonly pdu: Pdu; readonly eventId: string; readonly roomId: string },
  options: ClientEventOptions = {},
): ClientEvent {
  const { pdu } = event;
  const out: JsonObject = {
    content: pdu.content,
    event_id: event.eventId,
    origin_server_ts: pdu.origin_server_ts,
    sender: pdu.sender,
    type: pdu.type,
  };
  if (options.withoutRoomId !== true) out.room_id = event.roomId;
  if (pdu.state_key !== undefined) out.state_key = pdu.state_key;
  if (pdu.type === 'm.room.redaction') copyRedactionTarget(pdu, out);
  if (options.unsigned !== undefined) out.unsigned = options.unsigned;
  return out as ClientEvent;
}

/** Writes a state event in the stripped form of invites, knocks and room summaries. */
export function formatStrippedState(pdu: Pdu): StrippedState {
  return {
    content: pdu.content,
    sender: pdu.sender,
    state_key: pdu.state_key ?? '',
    type: pdu.type,
  };
}

function copyRedactionTarget(pdu: Pdu, out: JsonObject): void {
  const target = ownString(pdu, 'redacts') ?? ownString(pdu.content, 'redacts');
  if (target === undefined) return;
  out.redacts = target;
  out.content = { ...pdu.content, redacts: target };
}
