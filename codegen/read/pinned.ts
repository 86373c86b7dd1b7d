import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { textAt } from '../model/json';
import { API_NAMES } from '../model/operation';
import type { Tree } from './files';

/** Folders of api-specs that the importer writes; the others are kept by hand or from tables of our own. */
export const IMPORTED = [...API_NAMES, 'event-schemas', 'schemas'];

/** What `api-specs/PINNED` says: where the specification is from, and how to tell that its copy was not edited. */
export interface Pinned {
  /** The release, or `unknown`. */
  readonly version: string;
  readonly commit: string;
  /** Of all upstream files that were read. */
  readonly checksum: string;
  /** Of all files that were written. */
  readonly written: string;
}

export function pinnedText(pinned: Pinned): string {
  return stringify({ source: 'matrix-org/matrix-spec', ...pinned });
}

/** Reads PINNED; a tree without one is unknown in every respect. */
export function readPinned(specs: Tree): Pinned {
  const pinned = specs.has('PINNED') ? specs.load('PINNED') : null;
  const [version, commit, checksum, written] = ['version', 'commit', 'checksum', 'written'].map((key) =>
    textAt(pinned, key),
  );
  return {
    version: version ?? 'unknown',
    commit: commit ?? 'unknown',
    checksum: checksum ?? '',
    written: written ?? '',
  };
}

/** One checksum of many files, in whatever order they come. */
export function checksumOf(files: ReadonlyMap<string, string>): string {
  const digest = createHash('sha256');
  for (const file of [...files.keys()].sort()) digest.update(`${file}\0${files.get(file) ?? ''}\0`);
  return `sha256:${digest.digest('hex')}`;
}
