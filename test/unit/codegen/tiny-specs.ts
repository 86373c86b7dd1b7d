import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importCheckout, type ImportOutcome } from '../../../codegen/commands/import';
import type { Model } from '../../../codegen/model/operation';
import { Tree } from '../../../codegen/read/files';
import { readModel } from '../../../codegen/read/model';

export const CHECKOUT = join(__dirname, 'checkout');
export const REPOSITORY = join(__dirname, '../../..');

const OVERLAY: Readonly<Record<string, string>> = {
  'overlay/client-server.yaml': `operations:
  setNote: { summary: Stores a note, guests: true }
  getNote: { summary: Reads a note }
  getStream: { summary: Waits for notes }
  peekStream:
    summary: Waits for notes of one room
    security: [{}, { accessTokenBearer: [] }]
    when: { in: query, name: room_id }
`,
  'overlay/server-server.yaml': `operations:
  getNote: { summary: Reads a note of another server }
`,
};

/** Folders of a test, removed by {@link TinySpecs.dispose}. */
export class TinySpecs {
  readonly folder = mkdtempSync(join(tmpdir(), 'codegen-'));
  readonly checkout = join(this.folder, 'checkout');
  readonly specs = join(this.folder, 'api-specs');

  constructor(more: Readonly<Record<string, string>> = {}) {
    cpSync(CHECKOUT, this.checkout, { recursive: true });
    for (const [file, text] of Object.entries({ ...OVERLAY, ...more })) this.write(this.specs, file, text);
    this.import();
  }

  /** Another tree with the same files. */
  copy(): TinySpecs {
    const other = new TinySpecs();
    cpSync(this.folder, other.folder, { recursive: true });
    return other;
  }

  import(): ImportOutcome {
    return importCheckout(this.specs, this.checkout, { release: 'v9.9' });
  }

  /** Replaces text in a file of the checkout; fails when it is not there. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.checkout, 'data', file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
    writeFileSync(path, text.replace(from, to));
  }

  write(root: string, file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  text(file: string): string {
    return readFileSync(join(this.specs, file), 'utf8');
  }

  model(): Model {
    return readModel(new Tree(this.specs));
  }

  /** Runs a command of the generator on this tree, as `npm run` would. */
  run(...args: string[]): { readonly status: number | null; readonly output: string } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(REPOSITORY, 'codegen/run.js'), ...args, '--root', this.folder],
      { encoding: 'utf8' },
    );
    return { status, output: stdout + stderr };
  }

  /** Writes the list of gaps. */
  gaps(...ids: string[]): void {
    this.write(this.folder, 'test/conformance/gaps.txt', ids.map((id) => `${id}\n`).join(''));
  }

  generated(file: string): string {
    return readFileSync(join(this.folder, 'rest/generated', file), 'utf8');
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}
