/** Where a service gets the time from: epoch milliseconds. A parameter, so that tests can move it. */
export type Clock = () => number;

/** The machine's clock, in epoch milliseconds. */
export const now: Clock = () => Date.now();
