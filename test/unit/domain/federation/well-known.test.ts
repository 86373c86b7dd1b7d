import type { OutgoingRequest, OutgoingResponse } from '#platform/http-out/http-out';
import { WellKnown } from '../../../../src/domain/federation/well-known.service';

const HOUR = 3_600_000;
const MINUTE = 60_000;

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One host whose answer the test changes; an answer that is an Error is no answer. */
function host(first: Answer | Error) {
  const state = { answer: first, asked: 0, now: 1_000_000, last: undefined as OutgoingRequest | undefined };
  const fetch = async (request: OutgoingRequest): Promise<OutgoingResponse<Buffer>> => {
    state.asked++;
    state.last = request;
    await Promise.resolve();
    if (state.answer instanceof Error) throw state.answer;
    const { status = 200, headers = {}, body = '{"m.server":"b.test:443"}' } = state.answer;
    return { status, headers, contentType: '', body: Buffer.from(body) };
  };
  return { state, wellKnown: new WellKnown({ fetch }, () => state.now) };
}

describe('the well-known file of a host', () => {
  it('names its server, whatever its content type', async () => {
    const { wellKnown, state } = host({});
    expect(await wellKnown.delegate('A.test')).toBe('b.test:443');
    expect(state.last).toMatchObject({
      target: { scheme: 'https', host: 'a.test', port: 443 },
      path: '/.well-known/matrix/server',
    });
    expect(state.last?.limits).toMatchObject({ bytes: expect.any(Number), totalMs: expect.any(Number), redirects: 5 });
  });

  it.each([
    ['another status', { status: 404 }],
    ['no JSON', { body: '<html>' }],
    ['no object', { body: '["b.test"]' }],
    ['no m.server', { body: '{}' }],
    ['an m.server that is no text', { body: '{"m.server":1}' }],
    ['an m.server that is no server name', { body: '{"m.server":"https://b.test"}' }],
  ])('is of no use with %s', async (_, answer) => {
    expect(await host(answer).wellKnown.delegate('a.test')).toBeUndefined();
  });

  it('is asked for once by many at the same time', async () => {
    const { wellKnown, state } = host({});
    await Promise.all([wellKnown.delegate('a.test'), wellKnown.delegate('a.test'), wellKnown.delegate('A.test')]);
    expect(state.asked).toBe(1);
  });

  it.each([
    ['a day by default', {}, 24 * HOUR],
    ['as long as its headers say', { 'cache-control': 'public, max-age=7200' }, 2 * HOUR],
    ['two days at most', { 'cache-control': 'max-age=9999999' }, 48 * HOUR],
    ['five minutes at least', { 'cache-control': 'no-store' }, 5 * MINUTE],
    ['until it expires', { expires: new Date(1_000_000 + 3 * HOUR).toUTCString() }, 3 * HOUR],
  ])('is kept %s', async (_, headers: Record<string, string>, life) => {
    const { wellKnown, state } = host({ headers });
    await wellKnown.delegate('a.test');
    state.now += life - 2_000;
    await wellKnown.delegate('a.test');
    expect(state.asked).toBe(1);
    state.now += 4_000;
    await wellKnown.delegate('a.test');
    expect(state.asked).toBe(2);
  });

  it('is not asked for again within an hour when it is not there', async () => {
    const { wellKnown, state } = host({ status: 404 });
    await wellKnown.delegate('a.test');
    state.now += HOUR - 1;
    await wellKnown.delegate('a.test');
    expect(state.asked).toBe(1);
  });

  it('is asked for again after a minute when there was no answer, then less and less, up to an hour', async () => {
    const { wellKnown, state } = host(new Error('no answer'));
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const before = state.asked;
      let waited = 0;
      for (; state.asked === before; waited += MINUTE) {
        await wellKnown.delegate('a.test');
        if (state.asked === before) state.now += MINUTE;
      }
      waits.push((waited - MINUTE) / MINUTE);
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('goes on counting for two days after its last good answer when there is no answer any more', async () => {
    const { wellKnown, state } = host({});
    await wellKnown.delegate('a.test');
    state.answer = new Error('no answer');
    state.now += 25 * HOUR;
    expect(await wellKnown.delegate('a.test')).toBe('b.test:443');
    state.now += 24 * HOUR;
    expect(await wellKnown.delegate('a.test')).toBeUndefined();
  });
});
