import type { JsonValue } from '#kernel/json';

/** A profile: the two fields that rooms show, and any others. Absent fields are not set. */
export interface Profile {
  readonly displayname?: string;
  readonly avatar_url?: string;
  readonly [field: string]: JsonValue | undefined;
}
