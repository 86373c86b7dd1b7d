/**
 * One text for a pair of type and state key. Either may hold any character; the length of the type in front keeps every
 * two pairs apart.
 */
export function stateEntryKey(type: string, stateKey: string): string {
  return `${type.length}:${type}:${stateKey}`;
}
