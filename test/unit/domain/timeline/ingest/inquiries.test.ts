import type { RoomInfo } from '../../../../../src/domain/room-state';
import {
  Inquiries,
  type Inquiry,
  type InquirySubject,
} from '../../../../../src/domain/timeline/ingest/inquiries.service';

const never = new Promise<never>(() => undefined);
const room = { nid: 1, roomId: '!r:a.org', version: '11' } as RoomInfo;
const MANY = Array.from({ length: 20 }, (_, index) => `s${index + 1}.org`);

describe('the servers of a room, asked about a gap in it', () => {
  let inquiries: Inquiries;
  let shutOut: string[];
  /** Who was asked what, in order. */
  let asked: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    asked = [];
    shutOut = [];
    inquiries = new Inquiries({
      servers: () => ({ serversToAsk: async (_room, limit) => MANY.slice(0, limit) }),
      allows: async (_room, server) => !shutOut.includes(server),
    });
  });
  afterEach(() => jest.useRealTimers());

  const open = (more: Partial<InquirySubject> = {}) => inquiries.open({ room, bringer: 'evil.org', ...more });
  const silent = async (server: string): Promise<undefined> => void asked.push(server);
  const askAll = async (inquiry: Inquiry, first?: string): Promise<string[]> => {
    asked = [];
    await inquiry.ask(silent, first);
    return asked;
  };

  it('are the one that brought the event, and few others after it', async () => {
    expect(await askAll(open())).toEqual(['evil.org', 's1.org', 's2.org', 's3.org']);
  });

  it('are others at each try, as long as there are others', async () => {
    const turns = [0, 1, 2, 6, 7].map((turn) => open({ turn }));
    expect(await Promise.all(turns.map((one) => one.ask(silent)))).toHaveLength(5);
    expect(await askAll(turns[1]!)).toEqual(['evil.org', 's4.org', 's5.org', 's6.org']);
    expect(await askAll(turns[3]!)).toEqual(['evil.org', 's19.org', 's20.org']);
    expect(await askAll(turns[4]!)).toEqual(['evil.org', 's2.org', 's3.org', 's4.org']);
  });

  it('begin with the one that gave what the question is about', async () => {
    expect(await askAll(open(), 's2.org')).toEqual(['s2.org', 'evil.org', 's1.org', 's3.org']);
  });

  it('are without those that the room shuts out', async () => {
    shutOut = ['s1.org'];
    expect(await askAll(open())).toEqual(['evil.org', 's2.org', 's3.org', 's4.org']);
  });

  it('are kept waiting for five seconds by one that never answers, and only once (row 36)', async () => {
    const inquiry = open();
    const ask = async (server: string) => (server === 'evil.org' ? never : server);
    const first = inquiry.ask(ask);
    await jest.advanceTimersByTimeAsync(5_000);
    await expect(first).resolves.toBe('s1.org');
    const second = inquiry.ask(ask);
    await jest.advanceTimersByTimeAsync(0);
    await expect(second).resolves.toBe('s1.org');
  });

  it('are kept waiting for five seconds in all by one that answers just in time each time (row 36)', async () => {
    const inquiry = open();
    const slowly = (server: string) =>
      new Promise<string>((resolve) => setTimeout(() => resolve(server), server === 'evil.org' ? 4_000 : 0));
    const helped: string[] = [];
    const began = Date.now();
    for (let question = 0; question < 10; question++) {
      const answer = inquiry.ask(slowly);
      await jest.advanceTimersToNextTimerAsync();
      while (!(await isSettled(answer))) await jest.advanceTimersToNextTimerAsync();
      helped.push((await answer)!);
    }
    expect(helped).toEqual(['evil.org', ...Array.from({ length: 9 }, () => 's1.org')]);
    expect(Date.now() - began).toBe(5_000);
  });

  it('are given up after two minutes, when none of them ever answers (row 36)', async () => {
    const inquiry = open();
    const answer = inquiry.ask(async () => never);
    await jest.advanceTimersByTimeAsync(120_000);
    await expect(answer).resolves.toBeUndefined();
    expect(await askAll(inquiry)).toEqual([]);
  });

  it('cost nobody anything while the one that brought the event helps', async () => {
    for (let gap = 0; gap < 100; gap++) expect(await open().ask(async (server) => server)).toBe('evil.org');
    expect(await askAll(open())).toHaveLength(4);
  });

  it('are asked one at least, when it is readers who want to know', async () => {
    for (let page = 0; page < 100; page++) await askAll(open({ bringer: undefined }));
    expect(await askAll(open({ bringer: undefined }))).toEqual(['s1.org']);
  });

  it('are not asked without end because of what one server brings; it alone still is (row 36)', async () => {
    for (let gap = 0; gap < 20; gap++) expect(await askAll(open())).toHaveLength(4);
    expect(await askAll(open())).toEqual(['evil.org']);
    expect(await askAll(open({ bringer: 'honest.org' }))).toHaveLength(4);
    await jest.advanceTimersByTimeAsync(3_000);
    expect(await askAll(open())).toHaveLength(4);
    expect(await askAll(open())).toEqual(['evil.org']);
  });
});

async function isSettled(answer: Promise<unknown>): Promise<boolean> {
  const waiting = Symbol('waiting');
  await Promise.resolve();
  return (await Promise.race([answer, Promise.resolve(waiting)])) !== waiting;
}
