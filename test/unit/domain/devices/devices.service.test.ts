import { Devices } from '#domain/devices';
import { startTestStorage, type TestStorage } from '../../../support/storage';

const ALICE = '@alice:test.example';

describe('devices', () => {
  let database: TestStorage;
  let devices: Devices;
  let time = 1_000;

  beforeEach(async () => {
    database = await startTestStorage();
    time = 1_000;
    devices = new Devices(
      database.storage,
      () => time,
      (error) => {
        throw error;
      },
    );
    await database.storage.write((tx) => devices.ensure(tx, ALICE, 'PHONE', 'My phone'));
  });
  afterEach(() => database.stop());

  it('keeps the name of a device that signs in again', async () => {
    expect(await database.storage.write((tx) => devices.ensure(tx, ALICE, 'PHONE', 'Another'))).toBe(false);
    expect(await devices.get(ALICE, 'PHONE')).toMatchObject({ displayName: 'My phone', lastSeenTs: null });
  });

  it('tells who changed their devices between two positions, once for many changes', async () => {
    const before = database.storage.visible();
    await devices.rename(ALICE, 'PHONE', 'Old phone');
    await devices.rename(ALICE, 'PHONE', 'Old phone');
    await database.storage.write((tx) => devices.ensure(tx, ALICE, 'TABLET', null));
    const after = database.storage.visible();
    expect(await devices.changedUsersSince(before, after, [ALICE, '@bob:test.example'])).toEqual([ALICE]);
    expect(await devices.changedUsersSince(after, after, [ALICE])).toEqual([]);
    expect(await devices.changedUsersSince(before, after, [])).toEqual([]);
  });

  it('removes what others keep for a device in the same transaction', async () => {
    devices.attach({
      devicesRemoved: async (tx, userId, ids) => {
        expect(
          await tx.get('SELECT 1 AS there FROM devices WHERE user_id = ? AND device_id = ?', [userId, ids[0]!]),
        ).toBeUndefined();
        throw new Error('cannot let go');
      },
    });
    await expect(devices.remove(ALICE, ['PHONE', 'NOT THERE'])).rejects.toThrow('cannot let go');
    expect(await devices.get(ALICE, 'PHONE')).toBeDefined();
  });

  it('refuses a rename of a device that is not there and names that are too long', async () => {
    await expect(devices.rename(ALICE, 'NOPE', 'x')).rejects.toMatchObject({ errcode: 'M_NOT_FOUND' });
    await expect(devices.rename(ALICE, 'PHONE', 'x'.repeat(257))).rejects.toMatchObject({ errcode: 'M_INVALID_PARAM' });
  });

  it('shows at once when a device was last seen and writes it once for many requests', async () => {
    const here = { ip: '127.0.0.1', userAgent: 'test' };
    devices.seen(ALICE, 'PHONE', here);
    expect(await devices.get(ALICE, 'PHONE')).toMatchObject({ lastSeenTs: 1_000, lastSeenIp: '127.0.0.1' });
    await devices.lastSeen.flush();
    time = 2_000;
    devices.seen(ALICE, 'PHONE', here);
    expect(await devices.get(ALICE, 'PHONE')).toMatchObject({ lastSeenTs: 1_000 });
    devices.seen(ALICE, 'PHONE', { ...here, ip: '127.0.0.2' });
    await devices.lastSeen.stop();
    const row = await database.storage.get('SELECT last_seen_ts, last_seen_ip FROM devices WHERE device_id = ?', [
      'PHONE',
    ]);
    expect(row).toEqual({ last_seen_ts: 2_000, last_seen_ip: '127.0.0.2' });
  });
});
