import { AccountData } from '../../../../src/domain/account-data';
import { Accounts, DEFAULT_PASSWORDS } from '../../../../src/domain/accounts';
import { Devices } from '../../../../src/domain/devices';
import { EventViews } from '../../../../src/domain/event-views';
import { Filters } from '../../../../src/domain/filters';
import { Membership } from '../../../../src/domain/membership';
import { Notifications } from '../../../../src/domain/notifications';
import { Presence } from '../../../../src/domain/presence';
import { Profiles } from '../../../../src/domain/profiles';
import { PushRules } from '../../../../src/domain/push-rules';
import { Receipts } from '../../../../src/domain/receipts';
import { Relations } from '../../../../src/domain/relations';
import { RoomState, type RoomInfo } from '../../../../src/domain/room-state';
import {
  composeSync,
  DEFAULT_SYNC,
  type SyncAnswer,
  type SyncConfig,
  type SyncRequest,
} from '../../../../src/domain/sync';
import { Timeline } from '../../../../src/domain/timeline';
import { ToDevice } from '../../../../src/domain/to-device';
import { Typing } from '../../../../src/domain/typing';
import type { JsonObject } from '#kernel/json';
import type { Requester } from '#kernel/requester';
import type { Storage } from '#platform/storage/storage';
import { SigningKey } from '#protocol/signing/index';
import { startTestStorage } from '../../../support/storage';

export const SERVER = 'trellis.test';

export interface HouseOptions {
  readonly sync?: Partial<SyncConfig>;
  readonly presence?: boolean;
  /** Put between the features and the database, to count or hold statements. */
  readonly wrap?: (storage: Storage) => Storage;
}

/** All features that a sync reads, on an empty database of their own. */
export async function startHouse({ sync: config, presence: withPresence = false, wrap = (s) => s }: HouseOptions = {}) {
  const database = await startTestStorage();
  const storage = wrap(database.storage);
  const now = () => Date.now();
  const onError = (error: unknown) => {
    throw error;
  };
  const accounts = new Accounts(storage, { serverName: SERVER, passwords: DEFAULT_PASSWORDS }, now);
  const devices = new Devices(storage, now, onError);
  const accountData = new AccountData(storage);
  const profiles = new Profiles(storage, accounts);
  const filters = new Filters(storage);
  const pushRules = new PushRules(storage, accountData);
  const toDevice = new ToDevice(storage, devices, SERVER, now);
  const roomState = new RoomState(storage);
  const signingKey = SigningKey.fromSeed('ed25519:test', Buffer.alloc(32, 7));
  const timeline = new Timeline({ serverName: SERVER, signingKey }, storage, roomState, now);
  const relations = new Relations(storage);
  timeline.addParticipant(relations);
  const membership = new Membership({ storage, accounts, accountData, profiles, roomState, timeline, onError });
  const receipts = new Receipts(storage, { membership, timeline, relations, accountData, now });
  const typing = new Typing(storage, membership);
  const presence = new Presence(storage, membership, { enabled: withPresence }, now);
  const eventViews = new EventViews({ accountData, roomState, timeline, membership, relations }, now);
  const notifications = new Notifications(
    storage,
    { accountData, pushRules, timeline, membership, relations, receipts },
    onError,
  );
  const sources = {
    accountData,
    devices,
    eventViews,
    filters,
    membership,
    notifications,
    presence,
    receipts,
    roomState,
    timeline,
    toDevice,
    typing,
  };
  const sync = composeSync(storage, sources, { ...DEFAULT_SYNC, ...config }, onError);
  let tokens = 0;
  return {
    ...sources,
    storage,
    accounts,
    sync,
    async stop() {
      sync.stop();
      typing.stop();
      await database.stop();
    },
    /** A local account with one device. */
    async user(name: string, deviceId = `${name.toUpperCase()}1`): Promise<Requester> {
      const userId = `@${name}:${SERVER}`;
      if ((await accounts.get(userId)) === undefined) await accounts.create({ localpart: name, passwordHash: null });
      await storage.write(async (tx) => void (await devices.ensure(tx, userId, deviceId, null)));
      return { userId, deviceId, tokenId: ++tokens, isGuest: false, isAdmin: false };
    },
    /** A public room of the user's. `state`: further state events, by type, under the empty key. */
    async room(creator: Requester, state: Record<string, JsonObject> = {}, version = '10'): Promise<RoomInfo> {
      const drafts = [
        { type: 'm.room.member', stateKey: creator.userId, content: { membership: 'join' } },
        { type: 'm.room.power_levels', stateKey: '', content: { users: { [creator.userId]: 100 } } },
        { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
        ...Object.entries(state).map(([type, content]) => ({ type, stateKey: '', content })),
      ];
      const { room } = await timeline.createRoom({ version, sender: creator.userId, createContent: {}, drafts });
      return room;
    },
    say: (sender: Requester, room: RoomInfo, body: string): Promise<string> =>
      timeline.send(sender, { roomId: room.roomId, type: 'm.room.message', content: { msgtype: 'm.text', body } }),
    setState: (sender: Requester, room: RoomInfo, type: string, content: JsonObject, stateKey = ''): Promise<string> =>
      timeline.send(sender, { roomId: room.roomId, type, stateKey, content }),
  };
}

export type House = Awaited<ReturnType<typeof startHouse>>;

/** A client that goes on from its last answer. */
export class Client {
  since: string | undefined;

  constructor(
    private readonly house: Pick<House, 'sync'>,
    readonly requester: Requester,
    private readonly options: Omit<SyncRequest, 'since'> & { filterJson?: JsonObject } = {},
  ) {}

  async sync(more: Omit<SyncRequest, 'since'> = {}): Promise<SyncAnswer> {
    const { filterJson, ...options } = this.options;
    const filter = filterJson === undefined ? undefined : JSON.stringify(filterJson);
    const answer = await this.house.sync.sync(this.requester, { filter, ...options, ...more, since: this.since });
    this.since = answer.next_batch;
    return answer;
  }
}

/** Bodies of the messages in a joined room's timeline. */
export const bodies = (answer: SyncAnswer, room: RoomInfo): unknown[] =>
  (answer.rooms?.join?.[room.roomId]?.timeline?.events ?? []).flatMap((event) => {
    const { body } = event.content as { body?: string };
    return body ?? [];
  });

/** Type and state key of state events, as `type|key`. */
export const keys = (events: readonly { type: string; state_key?: string }[] | undefined): string[] =>
  (events ?? []).map((event) => `${event.type}|${event.state_key ?? 'none'}`);
