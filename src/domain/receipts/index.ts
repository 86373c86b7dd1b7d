/**
 * Receipts: up to where users have read rooms and threads, and the fully-read marker. Owns the table and the stream
 * `receipts`. Spec: client-server, "Receipts", "Read and unread markers".
 */
export { Receipts, type ReceiptRequest, type RemoteReceipt } from './receipts.service';
export { RECEIPTS_STREAM } from './receipts.stream';
export type { MarkerType, ReadUpTo, Receipt, ReceiptContent, ReceiptNews, ReceiptType } from './receipts.model';
