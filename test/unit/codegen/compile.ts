import { cpSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { REPOSITORY, type TinySpecs } from './tiny-specs';

const BESIDE = [
  'package.json',
  'rest/runtime/call.ts',
  'rest/runtime/contract.ts',
  'rest/runtime/served.ts',
  'rest/runtime/transport.ts',
  'src/kernel/json.ts',
  'src/kernel/requester.ts',
];

/** Puts what generated code imports beside it. */
export function furnish(tiny: TinySpecs): void {
  for (const file of BESIDE) cpSync(join(REPOSITORY, file), join(tiny.folder, file));
}

/** Compiles what stands under `rest` of the tree with the repository's settings; gives `file: message` of each error. */
export function compileErrors(tiny: TinySpecs): string[] {
  const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), ts.sys.readFile) as {
    config: { compilerOptions: object };
  };
  const raw = {
    compilerOptions: {
      ...config.compilerOptions,
      types: ['node'],
      typeRoots: [join(REPOSITORY, 'node_modules/@types')],
      incremental: false,
      tsBuildInfoFile: undefined,
    },
    include: ['rest/**/*.ts'],
  };
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    raw,
    ts.sys,
    tiny.folder,
    { noEmit: true },
    join(tiny.folder, 'tsconfig.json'),
  );
  const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options, hostOf(options)));
  return found.map(
    ({ file, messageText }) =>
      `${file?.fileName.slice(tiny.folder.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]}`,
  );
}

const libraries = new Map<string, ts.SourceFile | undefined>();

/** A compiler host that reads TypeScript's own and Node's declarations once for all tests. */
function hostOf(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    if (!file.includes('/node_modules/')) return read(file, ...rest);
    if (!libraries.has(file)) libraries.set(file, read(file, ...rest));
    return libraries.get(file);
  };
  return host;
}
