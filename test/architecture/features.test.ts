import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOMAIN = join(__dirname, '../../src/domain');

interface Feature {
  readonly name: string;
  readonly uses: readonly string[];
  /** Of a feature that is divided: each sees those before it. */
  readonly folders?: readonly string[];
}

const features = JSON.parse(readFileSync(join(DOMAIN, 'features.json'), 'utf8')) as Feature[];
const KINDS = ['service', 'model', 'entity', 'repository', 'ports', 'stream', 'job', 'errors', 'config'];
const NAME = new RegExp(`^([a-z][a-z0-9]*(-[a-z0-9]+)*\\.(${KINDS.join('|')})|index)\\.ts$`);

const entriesOf = (feature: string) => readdirSync(join(DOMAIN, feature), { withFileTypes: true });
const foldersOf = (feature: string) => entriesOf(feature).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const filesOf = (feature: string) => [
  ...entriesOf(feature).flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])),
  ...foldersOf(feature).flatMap((folder) => readdirSync(join(DOMAIN, feature, folder))),
];
const written = features.filter(({ name }) => existsSync(join(DOMAIN, name)) && filesOf(name).length > 0);

describe('the features', () => {
  it('use only what stands above them', () => {
    const seen = new Set<string>();
    for (const { name, uses } of features) {
      expect({ name, unknown: uses.filter((use) => !seen.has(use)) }).toEqual({ name, unknown: [] });
      seen.add(name);
    }
  });

  it('are all declared in features.json', () => {
    const folders = readdirSync(DOMAIN, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = features.map(({ name }) => name);
    expect(folders.map(({ name }) => name).filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each(written.map(({ name }) => name))('%s has only files of the known kinds, under plain names', (name) => {
    expect(filesOf(name).filter((file) => !NAME.test(file))).toEqual([]);
    expect(filesOf(name).filter((file) => /utils?|helpers?|manager|common/.test(file))).toEqual([]);
  });

  it.each(written)(
    '$name is divided into the folders that its line names, and has one index',
    ({ name, folders = [] }) => {
      expect(foldersOf(name).sort()).toEqual([...folders].sort());
      expect(filesOf(name).filter((file) => file === 'index.ts')).toHaveLength(1);
    },
  );

  it.each(written.map(({ name }) => name))('%s opens its index with what it owns', (name) => {
    expect(readFileSync(join(DOMAIN, name, 'index.ts'), 'utf8')).toMatch(/^\/\*\*/);
  });
});
