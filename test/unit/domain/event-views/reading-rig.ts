import type { RoomMembership } from '../../../../src/domain/membership/membership.model';
import { EventViews } from '../../../../src/domain/event-views';
import { Relations } from '../../../../src/domain/relations';
import type { RoomInfo, RoomState } from '../../../../src/domain/room-state';
import type { Timeline } from '../../../../src/domain/timeline';
import type { Storage } from '#platform/storage/storage';
import { requester, SERVER, startTimeline } from '../timeline/rig';

/** Memberships as the rooms' current state has them. */
export class StateMembers {
  readonly forgotten = new Set<string>();

  constructor(
    private readonly roomState: RoomState,
    private readonly timeline: Timeline,
  ) {}

  async of(userId: string, roomId: string): Promise<RoomMembership | undefined> {
    const room = await this.roomState.info(roomId);
    const event = room && (await this.timeline.currentState(room, 'm.room.member', userId));
    if (event === undefined) return undefined;
    const { nid: eventNid, eventId, roomNid, sender, ordinal, position } = event;
    const membership = (event.pdu.content as { membership: RoomMembership['membership'] }).membership;
    const forgotten = this.forgotten.has(userId);
    return { userId, roomNid, roomId, membership, eventNid, eventId, sender, ordinal, position, forgotten };
  }

  async joinedLocalUsers(room: RoomInfo): Promise<ReadonlySet<string>> {
    const users = (await this.roomState.currentOfType(room, 'm.room.member')).map((entry) => entry.stateKey);
    const joined = await Promise.all(users.map(async (userId) => (await this.of(userId, room.roomId))?.membership));
    return new Set(users.filter((userId, index) => joined[index] === 'join' && userId.endsWith(`:${SERVER}`)));
  }

  async counts(room: RoomInfo): Promise<{ joined: number; invited: number }> {
    const entries = await this.roomState.currentOfType(room, 'm.room.member');
    const all = await Promise.all(entries.map((entry) => this.of(entry.stateKey, room.roomId)));
    const count = (membership: string) => all.filter((member) => member?.membership === membership).length;
    return { joined: count('join'), invited: count('invite') };
  }
}

/** Rooms, relations and event views on an empty database, with a clock and a list of ignored users to set. */
export async function startReading(wrap?: (storage: Storage) => Storage) {
  const rig = await startTimeline(wrap);
  const { roomState, timeline, storage } = rig;
  const relations = new Relations(storage);
  timeline.addParticipant(relations);
  timeline.addRule(relations);
  const membership = new StateMembers(roomState, timeline);
  const ignored = new Map<string, ReadonlySet<string>>();
  const accountData = { ignoredUsers: async (userId: string) => ignored.get(userId) ?? new Set<string>() };
  const views = new EventViews({ accountData, roomState, timeline, membership, relations }, () => Date.now());
  return { ...rig, relations, membership, ignored, accountData, views };
}

export type ReadingRig = Awaited<ReturnType<typeof startReading>>;

export const setState = (
  timeline: Timeline,
  roomId: string,
  userId: string,
  type: string,
  content: object,
  stateKey = '',
) => timeline.send(requester(userId), { roomId, type, stateKey, content: content as Record<string, never> });

export const setMember = (timeline: Timeline, roomId: string, sender: string, target: string, membership: string) =>
  setState(timeline, roomId, sender, 'm.room.member', { membership }, target);

export const relate = (timeline: Timeline, roomId: string, userId: string, content: object, type = 'm.room.message') =>
  timeline.send(requester(userId), { roomId, type, content: { msgtype: 'm.text', body: 'b', ...content } });

export const redact = (timeline: Timeline, roomId: string, userId: string, redacts: string) =>
  timeline.send(requester(userId), { roomId, type: 'm.room.redaction', content: { redacts }, redacts });
