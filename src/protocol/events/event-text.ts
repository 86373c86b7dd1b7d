import { hash } from 'node:crypto';

import type { JsonValue } from '#kernel/json';

import { canonicalJson, sortByCodePoint } from '../canonical-json';
import type { RoomVersion } from '../room-versions';
import type { Pdu } from './pdu';
import { keysKeptByRedaction, redactContent } from './redaction';

/**
 * The canonical JSON of one event, each top-level member written once. The three texts that an event needs (to hash, to
 * sign, to store) are joined from those members, so that its content is serialised a single time.
 */
export class EventText {
  private readonly keys: string[];
  private readonly members = new Map<string, string>();
  private readonly json: { strict: boolean };

  /** Throws BadJsonError when the version is strict and the event is not canonical JSON. */
  constructor(
    private readonly version: RoomVersion,
    private readonly pdu: Pdu,
  ) {
    this.json = { strict: version.strictCanonicalJson };
    this.keys = sortByCodePoint([...new Set([...Object.keys(pdu), 'hashes', 'signatures'])]);
    for (const key of this.keys) {
      if (Object.hasOwn(pdu, key)) this.set(key, pdu[key] as JsonValue);
    }
  }

  /** Replaces a member. */
  set(key: string, value: JsonValue): void {
    this.members.set(key, `${canonicalJson(key)}:${this.write(key, value)}`);
  }

  /** SHA-256 over all but `unsigned`, `signatures` and `hashes`, in unpadded Base64. */
  contentHash(): string {
    return sha256(this.join((key) => key !== 'unsigned' && key !== 'signatures' && key !== 'hashes')).slice(0, 43);
  }

  /** The redacted event without `signatures` and `unsigned`: what is signed, and what the reference hash covers. */
  signedText(): string {
    const kept = keysKeptByRedaction(this.version);
    const content = redactContent(this.version, this.pdu.type, this.pdu.content);
    const written = content === this.pdu.content ? undefined : `"content":${canonicalJson(content, this.json)}`;
    return this.join((key) => kept.has(key) && key !== 'signatures' && key !== 'unsigned', written);
  }

  /** The event as other servers get it: all members but `unsigned`. */
  federationText(): string {
    return this.join((key) => key !== 'unsigned');
  }

  /** A complaint names the member in which the fault is. */
  private write(key: string, value: JsonValue): string {
    if (typeof value === 'string' || typeof value === 'number') {
      return canonicalJson(value, this.json);
    }
    return value !== null && typeof value === 'object' && Object.keys(value).length === 0
      ? canonicalJson(value)
      : canonicalJson({ [key]: value }, this.json).slice(canonicalJson(key).length + 2, -1);
  }

  private join(includes: (key: string) => boolean, content?: string): string {
    let out = '';
    for (const key of this.keys) {
      const member = this.members.get(key);
      if (member === undefined || !includes(key)) continue;
      out += `${out === '' ? '{' : ','}${key === 'content' && content !== undefined ? content : member}`;
    }
    return out === '' ? '{}' : `${out}}`;
  }
}

/** SHA-256 of a text's UTF-8 bytes, in Base64 with its one padding character. */
export function sha256(text: string): string {
  return hash('sha256', text, 'base64');
}
