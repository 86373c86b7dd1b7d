import type { Requester } from '#kernel/requester';
import { startTestPeople, type TestPeople } from '../../../support/people';

const ALICE = '@alice:test.example';
const BOB = '@bob:test.example';
const REQUESTER: Requester = { userId: ALICE, deviceId: 'A', tokenId: 1, isGuest: false, isAdmin: false };

describe('to-device messages', () => {
  let people: TestPeople;
  beforeEach(async () => {
    people = await startTestPeople();
    await people.database.storage.write(async (tx) => {
      for (const device of ['PHONE', 'TABLET']) await people.devices.ensure(tx, BOB, device, null);
    });
  });
  afterEach(() => people.stop());

  const here = () => people.database.storage.visible();
  const send = (txnId: string, device: string, n: number, requester = REQUESTER) =>
    people.toDevice.send(requester, { type: 'm.dummy', txnId, messages: { [BOB]: { [device]: { n } } } });
  const waiting = async (device: string, since = new Map<number, number>(), limit = 100) =>
    (await people.toDevice.messagesSince(BOB, device, since, here(), limit)).map(({ content }) => content['n']);

  it('reach the named device, or all of them with *', async () => {
    await send('1', 'PHONE', 1);
    await send('2', '*', 2);
    await send('3', 'UNKNOWN', 3);
    expect(await waiting('PHONE')).toEqual([1, 2]);
    expect(await waiting('TABLET')).toEqual([2]);
    expect(await waiting('UNKNOWN')).toEqual([]);
  });

  it('are sent once for a transaction id of a device, also when repeated at the same time', async () => {
    await Promise.all([send('1', 'PHONE', 1), send('1', 'PHONE', 1)]);
    await send('1', 'PHONE', 1);
    await send('1', 'PHONE', 2, { ...REQUESTER, deviceId: 'B' });
    expect(await waiting('PHONE')).toEqual([1, 2]);
  });

  it('come in order, a page at a time, and go when they were received', async () => {
    for (let n = 1; n <= 5; n += 1) await send(String(n), 'PHONE', n);
    const page = await people.toDevice.messagesSince(BOB, 'PHONE', undefined, here(), 2);
    expect(page.map(({ content }) => content['n'])).toEqual([1, 2]);
    const since = new Map([[page[1]!.position.writer, page[1]!.position.pos]]);
    expect(await waiting('PHONE', since)).toEqual([3, 4, 5]);
    await people.toDevice.deleteUpTo(BOB, 'PHONE', since);
    expect(await waiting('PHONE')).toEqual([3, 4, 5]);
    await people.toDevice.deleteUpTo(BOB, 'PHONE', here());
    expect(await waiting('PHONE')).toEqual([]);
    await send('6', 'PHONE', 6);
    expect(await waiting('PHONE')).toEqual([6]);
    await people.toDevice.deleteUpTo(BOB, 'PHONE', here());
    expect(await waiting('PHONE')).toEqual([]);
  });

  it('reach very many devices with very much', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `D${i}`);
    await people.database.storage.write(async (tx) => {
      for (const id of ids) await people.devices.ensure(tx, ALICE, id, null);
    });
    const text = 'x'.repeat(60_000);
    await people.toDevice.send(REQUESTER, { type: 'm.dummy', txnId: '1', messages: { [ALICE]: { '*': { text } } } });
    for (const id of ids) {
      const waits = await people.toDevice.messagesSince(ALICE, id, undefined, here(), 10);
      expect(waits.map(({ content }) => content)).toEqual([{ text }]);
    }
  });

  it('go with their device', async () => {
    await send('1', '*', 1);
    await people.devices.remove(BOB, ['PHONE']);
    expect(await people.database.storage.all('SELECT device_id FROM to_device_messages')).toEqual([
      { device_id: 'TABLET' },
    ]);
  });

  it('wake whoever waits for the user', async () => {
    const heard: unknown[] = [];
    people.database.storage.subscribe('to-device', ({ key, payload }) => heard.push([key, payload]));
    await send('1', '*', 1);
    expect(heard).toEqual([[BOB, { deviceIds: ['PHONE', 'TABLET'] }]]);
  });

  it('are refused when they are too large or not for users', async () => {
    const big = { [BOB]: { PHONE: { text: 'x'.repeat(65_536) } } };
    const refused = (messages: Parameters<typeof people.toDevice.send>[1]['messages']) =>
      people.toDevice.send(REQUESTER, { type: 'm.dummy', txnId: 'x', messages });
    await expect(refused(big)).rejects.toMatchObject({ errcode: 'M_TOO_LARGE' });
    await expect(refused({ bob: { PHONE: {} } })).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });
});
