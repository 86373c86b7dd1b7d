/**
 * Brings events and EDUs to other servers: a durable queue for each. Owns the tables `federation_outbox`,
 * `federation_queue`, `federation_relays`, `federation_copies`, `federation_unanswered` and `federation_missed_receipts`.
 * Spec: server-server, "Transactions", "EDUs".
 */
export { FederationSender, type FederationSenderParts } from './federation-sender.service';
export type { OutgoingTransaction, TransactionCarrier } from './federation-sender.ports';
