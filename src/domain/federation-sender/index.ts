/**
 * Brings events and EDUs to other servers: a durable queue for each. Owns the tables `federation_outbox`,
 * `federation_queue`, `federation_unanswered`, `federation_missed_receipts` and `federation_relays`. Spec: server-server, "Transactions", "EDUs".
 */
export { FederationSender, type FederationSenderParts } from './federation-sender.service';
export type { OutgoingTransaction, TransactionCarrier } from './federation-sender.ports';
