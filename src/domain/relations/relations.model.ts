/** How one event points at another, kept beside events that have `m.relates_to`. */
export interface Relation {
  readonly eventNid: number;
  readonly eventId: string;
  readonly roomNid: number;
  readonly ordinal: number;
  readonly relType: string;
  /** The event pointed at; may be unknown to this server. */
  readonly parentId: string;
  readonly type: string;
  readonly sender: string;
  readonly originServerTs: number;
  /** `key` of an annotation. */
  readonly annotationKey: string | null;
  /** A message with `m.new_content`: may serve as an edit. */
  readonly isEdit: boolean;
  /** Root of the thread that the event is in, straight or through its parents. */
  readonly threadId: string | null;
  /** By a redaction that came before the event. */
  readonly isRedacted: boolean;
}

/** What the events of a page are told about one thread root. */
export interface ThreadSummary {
  readonly latestNid: number;
  readonly count: number;
  /** Whether the reader wrote in the thread. */
  readonly participated: boolean;
}
