/** The sequences of numeric ids: one each for the busy tables, `row` for all others. */
export const sequenceNames = ['event', 'room', 'snapshot', 'row'] as const;
export type SequenceName = (typeof sequenceNames)[number];

/** The name of the sequence that counts a writer's positions. */
export const positionSequence = (writer: number): string => `position:${writer}`;
