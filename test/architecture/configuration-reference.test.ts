import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationReference } from '#main/config/index';

describe('docs/configuration.md', () => {
  it('is what the schema says (npm run docs:config writes it)', () => {
    expect(readFileSync(join(__dirname, '../../docs/configuration.md'), 'utf8')).toBe(configurationReference());
  });

  it('explains every key', () => {
    const unexplained = configurationReference()
      .split('\n')
      .filter((line) => line.startsWith('| `') && /\|\s*\|$/.test(line));
    expect(unexplained).toEqual([]);
  });
});
