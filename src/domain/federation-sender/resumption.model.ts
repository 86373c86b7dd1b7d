/** Events of one transaction. Spec: server-server, "Transactions". */
export const MAX_PDUS = 50;

/** How a server is tried again that failed: all that is remembered of it meanwhile. */
export interface Resumption {
  /** After an outage only the ends of rooms' histories are sent. */
  readonly isBehind: boolean;
  /** Events of one transaction. */
  readonly size: number;
  /** The room after whose number to begin: what the server fails on is tried last. */
  readonly after: number;
  /** Another one when rows of the server may have been removed. */
  readonly rows: symbol;
}

export const AFRESH: Resumption = { isBehind: false, size: MAX_PDUS, after: 0, rows: Symbol('as read at the start') };
export const BEHIND: Resumption = { ...AFRESH, isBehind: true };
