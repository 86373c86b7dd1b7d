import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', 'generated', 'dashboard']);

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

const code = ['src', 'rest', 'graphql', 'codegen'].flatMap((folder) => sources(join(ROOT, folder)));
const tests = sources(join(ROOT, 'test'));
const named = (paths: readonly string[]) => paths.map((path) => relative(ROOT, path));
const text = (path: string) => readFileSync(path, 'utf8');
/** Without its comments, whose English would be taken for code. */
const statements = (path: string) => text(path).replace(/^\s*(\*|\/\*\*|\/\/).*$/gm, '');

/** What the specification names keeps its spelling: delegates and generated files have the stems of the documents. */
const KEBAB = /^(\d+-)?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.ts$/;

describe('the source', () => {
  it('names files in kebab-case', () => {
    const own = code.filter(
      (path) => !/\/rest\/[a-z-]+\/[^/]+\.ts$/.test(path) || /\/rest\/(runtime|extras)\//.test(path),
    );
    expect(named(own.filter((path) => !KEBAB.test(path.split('/').at(-1)!)))).toEqual([]);
  });

  it('keeps files under 400 lines', () => {
    expect(named(code.filter((path) => text(path).split('\n').length > 400))).toEqual([]);
  });

  it('switches neither the type checker nor the linter off', () => {
    const off = /@ts-(ignore|nocheck|expect-error)|eslint-disable/;
    const self = join(__dirname, 'files.test.ts');
    expect(named([...code, ...tests].filter((path) => path !== self && off.test(text(path))))).toEqual([]);
    expect(named([...code, ...tests].filter((path) => path !== self && /\bas any\b/.test(statements(path))))).toEqual(
      [],
    );
  });

  it('leaves no test out', () => {
    const left = /\b(it|test|describe)\.(only|skip|todo)\(|\bx(it|describe)\(/;
    const self = join(__dirname, 'files.test.ts');
    expect(named(tests.filter((path) => path !== self && left.test(text(path))))).toEqual([]);
  });

  it('reads the environment in src/main/config alone', () => {
    const reads = code.filter((path) => !path.includes('/src/main/config/') && /process\.env\b/.test(text(path)));
    expect(named(reads)).toEqual([]);
  });
});
