import { Sequences1760000000000 } from './1760000000000-sequences';

/** Every migration, oldest first. A released one never changes. */
export const migrations = [Sequences1760000000000];
