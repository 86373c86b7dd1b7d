import { startFederationRig, type FederationRig } from './rig';

let rig: FederationRig;
beforeEach(async () => {
  rig = await startFederationRig();
});
afterEach(() => rig.stop());

const wait = async (destinations = rig.federation.destinations) => {
  const at = await destinations.retryAt('a.test');
  return at === undefined ? 0 : at - rig.clock.now;
};

describe('a server that does not answer', () => {
  it('is left alone for half a minute, then twice as long each time, for about a day at most', async () => {
    const { destinations } = rig.federation;
    const waits: number[] = [];
    for (let i = 0; i < 16; i++) {
      await destinations.failed('a.test');
      waits.push(await wait());
      rig.clock.now += waits[i]!;
    }
    expect(waits[0]).toBe(30_000);
    for (let i = 1; i < 10; i++) {
      expect(waits[i]! / waits[i - 1]!).toBeGreaterThan(1.7);
      expect(waits[i]! / waits[i - 1]!).toBeLessThan(2.1);
    }
    expect(waits[15]).toBeGreaterThan(20 * 3_600_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(24 * 3_600_000);
  });

  it('is judged once for requests that fail together', async () => {
    const { destinations } = rig.federation;
    await Promise.all([1, 2, 3].map(() => destinations.failed('a.test')));
    await destinations.failed('a.test');
    expect(await wait()).toBe(30_000);
  });

  it('is left alone after a restart too', async () => {
    await rig.federation.destinations.failed('a.test');
    const { destinations } = await rig.reopen();
    expect(await wait(destinations)).toBe(30_000);
    await expect(destinations.checkReady('a.test')).rejects.toMatchObject({ errcode: 'M_CONNECTION_FAILED' });
  });

  it('is well once it answers, which who waits for it hears', async () => {
    const { destinations } = rig.federation;
    const heard: string[] = [];
    destinations.onRecovered((name) => heard.push(name));
    await destinations.succeeded('a.test');
    await destinations.failed('a.test');
    await destinations.succeeded('a.test');
    expect(await wait()).toBe(0);
    expect(await wait((await rig.reopen()).destinations)).toBe(0);
    expect(heard).toEqual(['a.test']);
  });
});
