import { Sequences1760000000000 } from './1760000000000-sequences';
import { ServerSettings1760000000010 } from './1760000000010-server-settings';

/** Every migration, oldest first. A released one never changes. */
export const migrations = [Sequences1760000000000, ServerSettings1760000000010];
