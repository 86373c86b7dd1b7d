const ONE = () => 1;

/**
 * Options of an `LRUCache` of at most `max` entries that takes memory as they come. With its `max` instead, the library
 * takes the memory of all of them at once: for the caches of a server that has just begun, tens of megabytes.
 */
export const atMost = (max: number): { maxSize: number; sizeCalculation: () => number } => ({
  maxSize: max,
  sizeCalculation: ONE,
});
