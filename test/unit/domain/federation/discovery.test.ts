import { Discovery } from '../../../../src/domain/federation/discovery.service';
import type { ServiceRecord } from '#platform/http-out/names';

const record = (name: string, port: number, priority = 10, weight = 0): ServiceRecord => ({
  name,
  port,
  priority,
  weight,
});

/** A world of well-known files and SRV records, which notes what was asked of it. */
function world(wellKnown: Record<string, string> = {}, services: Record<string, ServiceRecord[] | Error> = {}) {
  const asked: string[] = [];
  const clock = { now: 1_000_000 };
  const sources = {
    delegate: async (host: string) => {
      asked.push(`https://${host}`);
      return wellKnown[host];
    },
    services: async (name: string) => {
      asked.push(name);
      const found = services[name] ?? [];
      if (found instanceof Error) throw found;
      return found;
    },
  };
  return { discovery: new Discovery(sources, () => clock.now), asked, clock, services };
}

const route = (host: string, port: number, name: string, hostHeader = name) => ({
  endpoints: [{ host, port }],
  certificateName: name,
  hostHeader,
});

describe('a server is found', () => {
  it.each([
    ['1', '1.2.3.4', route('1.2.3.4', 8448, '1.2.3.4')],
    ['1, with a port', '1.2.3.4:80', route('1.2.3.4', 80, '1.2.3.4', '1.2.3.4:80')],
    ['1, of the sixth version', '[2606::1]', route('2606::1', 8448, '2606::1', '[2606::1]')],
    ['1, of the sixth version with a port', '[2606::1]:99', route('2606::1', 99, '2606::1', '[2606::1]:99')],
    ['2', 'a.test:1234', route('a.test', 1234, 'a.test', 'a.test:1234')],
  ])('by its name alone, step %s', async (_, name, expected) => {
    const { discovery, asked } = world({ 'a.test': 'wrong.test' });
    expect(await discovery.resolve(name)).toEqual(expected);
    expect(asked).toEqual([]);
  });

  it.each([
    ['3.1', '5.6.7.8', route('5.6.7.8', 8448, '5.6.7.8')],
    ['3.1, with a port', '5.6.7.8:80', route('5.6.7.8', 80, '5.6.7.8', '5.6.7.8:80')],
    ['3.1, of the sixth version', '[2606::1]', route('2606::1', 8448, '2606::1', '[2606::1]')],
    ['3.2', 'b.test:443', route('b.test', 443, 'b.test', 'b.test:443')],
    ['3.5', 'b.test', route('b.test', 8448, 'b.test')],
  ])('by its well-known file, step %s', async (_, delegated, expected) => {
    const { discovery } = world({ 'a.test': delegated });
    expect(await discovery.resolve('a.test')).toEqual(expected);
  });

  it('by the SRV records of the delegated name, whose certificate it must have (3.3)', async () => {
    const services = {
      '_matrix-fed._tcp.b.test': [record('srv.test', 444)],
      '_matrix._tcp.b.test': [record('old', 1)],
    };
    const { discovery } = world({ 'a.test': 'b.test' }, services);
    expect(await discovery.resolve('a.test')).toEqual(route('srv.test', 444, 'b.test'));
  });

  it('by the deprecated SRV records of the delegated name (3.4)', async () => {
    const { discovery } = world({ 'a.test': 'b.test' }, { '_matrix._tcp.b.test': [record('srv.test', 444)] });
    expect(await discovery.resolve('a.test')).toEqual(route('srv.test', 444, 'b.test'));
  });

  it('by its own SRV records without a well-known file (4, 5), else at port 8448 (6)', async () => {
    const fed = world({}, { '_matrix-fed._tcp.a.test': [record('srv.test.', 444)] });
    expect(await fed.discovery.resolve('a.test')).toEqual(route('srv.test', 444, 'a.test'));
    const old = world({}, { '_matrix._tcp.a.test': [record('srv.test', 445)] });
    expect(await old.discovery.resolve('a.test')).toEqual(route('srv.test', 445, 'a.test'));
    expect(old.asked).toEqual(['https://a.test', '_matrix-fed._tcp.a.test', '_matrix._tcp.a.test']);
    expect(await world().discovery.resolve('a.test')).toEqual(route('a.test', 8448, 'a.test'));
  });

  it('at its own name when the look-up of services fails', async () => {
    const broken = new Error('SERVFAIL');
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': broken, '_matrix._tcp.a.test': broken });
    expect(await discovery.resolve('a.test')).toEqual(route('a.test', 8448, 'a.test'));
  });

  it('by its services half a minute after a look-up failed, as when the network was down', async () => {
    const { discovery, clock, services } = world({}, { '_matrix-fed._tcp.a.test': new Error('ECONNREFUSED') });
    await discovery.resolve('a.test');
    services['_matrix-fed._tcp.a.test'] = [record('srv.test', 444)];
    clock.now += 30_000;
    expect(await discovery.resolve('a.test')).toEqual(route('srv.test', 444, 'a.test'));
  });

  it('by the services that were known while their look-up fails', async () => {
    const { discovery, clock, services } = world({}, { '_matrix-fed._tcp.a.test': [record('srv.test', 444)] });
    await discovery.resolve('a.test');
    services['_matrix-fed._tcp.a.test'] = new Error('SERVFAIL');
    clock.now += 3_600_000;
    expect(await discovery.resolve('a.test')).toEqual(route('srv.test', 444, 'a.test'));
  });

  it('at several places in the order of their priorities, none of them "."', async () => {
    const records = [record('third', 3, 30), record('first', 1, 1, 5), record('second', 2, 20, 99), record('.', 0, 0)];
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': records });
    const { endpoints } = await discovery.resolve('a.test');
    expect(endpoints.map(({ host }) => host)).toEqual(['first', 'second', 'third']);
  });

  it('at the first of equals as often as its weight says, each of them being first now and then', async () => {
    const records = [record('none', 1, 1, 0), record('light', 1, 1, 10), record('heavy', 1, 1, 30)];
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': records });
    const firsts = new Map<string, number>();
    for (let i = 0; i < 4_000; i++) {
      const { endpoints } = await discovery.resolve('a.test');
      expect(endpoints).toHaveLength(3);
      firsts.set(endpoints[0]!.host, (firsts.get(endpoints[0]!.host) ?? 0) + 1);
    }
    const share = (host: string) => (firsts.get(host) ?? 0) / 4_000;
    // Of the numbers 0 to 40 one is for who has no weight, 10 are for the light one and 30 for the heavy one.
    expect(share('none')).toBeGreaterThan(0);
    expect(share('none')).toBeLessThan(0.06);
    expect(share('light')).toBeCloseTo(10 / 41, 1);
    expect(share('heavy')).toBeCloseTo(30 / 41, 1);
  });

  it('at any of several that all have no weight', async () => {
    const records = [record('one', 1, 1), record('two', 1, 1)];
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': records });
    const firsts = new Set<string>();
    for (let i = 0; i < 200; i++) firsts.add((await discovery.resolve('a.test')).endpoints[0]!.host);
    expect(firsts).toEqual(new Set(['one', 'two']));
  });

  it('at five places at most, however many it names', async () => {
    const records = Array.from({ length: 50 }, (_, index) => record(`s${index}`, 1, index));
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': records });
    const { endpoints } = await discovery.resolve('a.test');
    expect(endpoints.map(({ host }) => host)).toEqual(['s0', 's1', 's2', 's3', 's4']);
  });

  it('nowhere when it says that it has no such service', async () => {
    const { discovery } = world({}, { '_matrix-fed._tcp.a.test': [record('.', 0, 0)] });
    expect((await discovery.resolve('a.test')).endpoints).toEqual([]);
  });

  it('with services looked up once for many requests, and again after ten minutes', async () => {
    const { discovery, asked, clock } = world({}, { '_matrix-fed._tcp.a.test': [record('srv.test', 444)] });
    const lookUps = () => asked.filter((name) => name.startsWith('_'));
    await discovery.resolve('a.test');
    await discovery.resolve('a.test');
    expect(lookUps()).toEqual(['_matrix-fed._tcp.a.test']);
    clock.now += 10 * 60_000;
    await discovery.resolve('a.test');
    expect(lookUps()).toHaveLength(2);
  });

  it('never for what is no server name', async () => {
    await expect(world().discovery.resolve('a.test/path')).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });
});
