/**
 * A document's delegate as it must be while `Gap` (a union of operationIds) is not served: every other operation is
 * there, and none that is listed as a gap. An operation that is served and still listed does not compile.
 */
export type Served<Delegate, Gap> = { [K in Exclude<keyof Delegate, Gap>]: Delegate[K] } & {
  [K in keyof Delegate as K extends Gap ? K : never]?: never;
};

/** All delegates of an API. A document whose operations are all gaps may be left out. */
export type ServedApi<Delegates, Gap> = {
  [S in keyof Delegates as [Exclude<keyof Delegates[S], Gap>] extends [never] ? never : S]: Served<Delegates[S], Gap>;
} & {
  [S in keyof Delegates as [Exclude<keyof Delegates[S], Gap>] extends [never] ? S : never]?: Served<Delegates[S], Gap>;
};
