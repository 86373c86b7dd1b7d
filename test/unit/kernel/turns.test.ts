import { Turns } from '#kernel/turns';

describe('turns', () => {
  const turns = new Turns();
  const never = new Promise<never>(() => undefined);

  it('come one after another where they are about the same, and beside each other where they are not', async () => {
    const done: string[] = [];
    let finish = (): void => undefined;
    const first = turns.run('a', () => new Promise<void>((resolve) => (finish = resolve)));
    const second = turns.run('a', async () => void done.push('second of a'));
    await turns.run('b', async () => void done.push('first of b'));
    expect(done).toEqual(['first of b']);
    finish();
    await Promise.all([first, second]);
    expect(done).toEqual(['first of b', 'second of a']);
  });

  it('come although those before them failed', async () => {
    const failed = turns.run('a', () => Promise.reject(new Error('no')));
    await expect(turns.run('a', async () => 'done')).resolves.toBe('done');
    await expect(failed).rejects.toThrow('no');
  });

  it('wait no longer than they have patience', async () => {
    void turns.run('slow', () => never);
    await expect(turns.run('slow', async () => 'beside it', 1)).resolves.toBe('beside it');
  });
});
