import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const testFiles = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => `test/${path}`);

const document = read('docs/security.md');

/** Files that a cell of docs/security.md names: `security/x` or `test/rest/x.test.ts`. Patterns of many are no names. */
const filesIn = (cell: string): string[] =>
  [...cell.matchAll(/`((?:test|security|unit|federation)\/[^`*]+)`/g)].map(([, name]) =>
    name!.startsWith('test/') ? name! : `test/${name}.test.ts`,
  );

/** The numbered rows: what happened elsewhere, and where it is tested. */
const rows = [...document.matchAll(/^\| (\d+) +\|[^|]*\|(.*)\|$/gm)].map(([, row, cell]) => ({
  row: row!,
  cell: cell!.trim(),
  files: filesIn(cell!),
}));

/** What the tests of a file are called, and the groups that they are in. */
function titlesIn(path: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|test|describe)\b/.test(node.expression.getText())) {
      const [title] = node.arguments;
      if (title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) {
        titles.push(title.getText().slice(1, -1));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true));
  return titles;
}

/** Row 0 stands for what is honest. */
const rowsNamedIn = (path: string): Set<string> =>
  new Set(titlesIn(path).flatMap((title) => [...title.matchAll(/\brow ([1-9]\d*)\b/g)].map(([, row]) => row!)));

const named = new Map(testFiles.map((path) => [path, rowsNamedIn(path)]));

describe('docs/security.md', () => {
  it('has its rows in order, none twice', () => {
    expect(rows.map(({ row }) => row)).toEqual(rows.map((_, index) => String(index + 1)));
  });

  it('says of every row where it is tested, or why it is not', () => {
    const silent = rows.filter(
      ({ files, cell }) => files.length === 0 && !/^(not applicable yet, because |watched: )/.test(cell),
    );
    expect(silent).toEqual([]);
  });

  it('names files that exist', () => {
    const tables = document.split('\n').filter((line) => line.startsWith('|'));
    expect(filesIn(tables.join('\n')).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(rows.filter(({ files }) => files.length > 0))('row $row is named by tests of its files', ({ row, files }) => {
    expect(files.filter((path) => named.get(path)?.has(row) !== true)).toEqual([]);
  });

  it('knows of every test that names a row', () => {
    const unknown = [...named].flatMap(([path, numbers]) =>
      [...numbers]
        .filter((number) => !rows.some(({ row, files }) => row === number && files.includes(path)))
        .map((number) => `${path}: row ${number}`),
    );
    expect(unknown).toEqual([]);
  });

  it('is met by names of tests that carry each row by itself, so that one of them can be run', () => {
    expect(testFiles.flatMap(titlesIn).filter((title) => /\brows \d/.test(title))).toEqual([]);
  });
});
