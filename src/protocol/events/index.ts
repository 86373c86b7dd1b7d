export {
  authEventIds,
  createEventIdOf,
  isCreateEvent,
  isStateEvent,
  membershipOf,
  prevEventIds,
  redactsOf,
  roomIdOf,
  roomVersionOf,
  type HashedReference,
  type Pdu,
  type Signatures,
} from './pdu';
export { buildEvent, type EventDraft } from './build';
export { addEventSignature, hashAndSign, MAX_EVENT_BYTES, type SignedEvent } from './sign-event';
export { carriesSignature, withSignature, type SignaturePlace } from './foreign-signature';
export { contentHash, eventIdFromHash, eventIdOf, referenceHash } from './hashes';
export { redactContent, redactEvent } from './redaction';
export {
  formatClientEvent,
  formatStrippedState,
  type ClientEvent,
  type ClientEventOptions,
  type StrippedState,
} from './client-event';
export { checkEventFormat, isEventIdOf, MAX_AUTH_EVENTS, MAX_PREV_EVENTS, type FormatOptions } from './format';
export { inspectEvent, requiredSigners, verifyEventSignature, type InspectedEvent } from './inspect';
