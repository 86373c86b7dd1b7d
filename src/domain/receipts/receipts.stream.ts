/** Receipts of a room's users. Key: room id. Payload: `ReceiptNews`. Rows: `receipts`, by stream position. */
export const RECEIPTS_STREAM = 'receipts';
