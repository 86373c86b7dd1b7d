import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('generated'))
    .map((path) => join(ROOT, folder, path));

describe('events', () => {
  it.each(['rest/client-server', 'graphql'])(
    'reach %s only as event-views wrote them, never as they are stored (row 5)',
    (door) => {
      const reading = sources(door).filter((path) => /\.pdu\b|\bformatClientEvent\b/.test(readFileSync(path, 'utf8')));
      expect(reading.map((path) => relative(ROOT, path))).toEqual([]);
    },
  );
});
