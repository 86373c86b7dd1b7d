import type { Storage } from './storage';

const FIND = 'SELECT content FROM server_settings WHERE name = ?';

/**
 * A value that is decided once per database: what is stored, else what `make` gives, stored now. Of several processes
 * that start at the same time one decides.
 */
export async function settleSetting(storage: Storage, name: string, make: () => string): Promise<string> {
  const known = await storage.get<{ content: string }>(FIND, [name]);
  if (known !== undefined) return known.content;
  return storage.write(async (tx) => {
    await tx.insertIgnore('server_settings', ['name'], { name, content: make() });
    return (await tx.get<{ content: string }>(FIND, [name]))!.content;
  });
}
