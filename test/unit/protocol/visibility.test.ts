import {
  canSee,
  canServerSee,
  historyVisibilityOf,
  type EventViewpoint,
  type HistoryVisibility,
} from '#protocol/visibility';

const SETTINGS: HistoryVisibility[] = ['world_readable', 'shared', 'invited', 'joined'];
const MEMBERSHIPS = ['join', 'invite', 'knock', 'leave', 'ban', undefined];

const see = (
  visibility: HistoryVisibility,
  membership: string | undefined,
  joinedLater = false,
  more: Partial<EventViewpoint> = {},
) => canSee({ visibility, membership, joinedLater, ...more });

describe('an event is seen', () => {
  it('by everybody where history is world readable', () => {
    for (const membership of MEMBERSHIPS) expect(see('world_readable', membership)).toBe(true);
  });

  it('by those who were joined, whatever the setting', () => {
    for (const setting of SETTINGS) expect(see(setting, 'join')).toBe(true);
  });

  it('by those who join later only where history is shared', () => {
    for (const membership of ['invite', 'knock', 'leave', 'ban', undefined]) {
      expect(see('shared', membership, true)).toBe(true);
      expect(see('shared', membership, false)).toBe(false);
      expect(see('joined', membership, true)).toBe(false);
      expect(see('invited', membership, true)).toBe(membership === 'invite');
    }
  });

  it('by the invited only where the setting says so', () => {
    expect(SETTINGS.filter((setting) => see(setting, 'invite'))).toEqual(['world_readable', 'invited']);
  });

  it('when the setting before or after allows it, if the event changes the setting', () => {
    expect(see('world_readable', undefined, false, { visibilityAfter: 'joined' })).toBe(true);
    expect(see('joined', undefined, false, { visibilityAfter: 'world_readable' })).toBe(true);
    expect(see('joined', undefined, false, { visibilityAfter: 'invited' })).toBe(false);
  });

  it('when the membership before or after allows it, if the event is the user’s own', () => {
    expect(see('joined', 'invite', false, { membershipAfter: 'join' })).toBe(true);
    expect(see('joined', 'join', false, { membershipAfter: 'ban' })).toBe(true);
    expect(see('invited', 'leave', false, { membershipAfter: 'invite' })).toBe(true);
    expect(see('joined', 'leave', false, { membershipAfter: 'invite' })).toBe(false);
  });
});

describe('the setting of a room', () => {
  it.each(SETTINGS)('is %s when its event says so', (setting) => {
    expect(historyVisibilityOf({ content: { history_visibility: setting } })).toBe(setting);
  });

  it('is shared without an event or with a value nobody knows', () => {
    expect(historyVisibilityOf(undefined)).toBe('shared');
    for (const value of ['public', 5, null, {}]) {
      expect(historyVisibilityOf({ content: { history_visibility: value } })).toBe('shared');
    }
  });
});

describe('a server in the room may have an event', () => {
  it('where history is shared or readable, or when one of its users could see it', () => {
    const may = (visibility: HistoryVisibility, hadJoinedUser: boolean, hadInvitedUser: boolean) =>
      canServerSee({ visibility, hadJoinedUser, hadInvitedUser });
    expect(SETTINGS.filter((setting) => may(setting, false, false))).toEqual(['world_readable', 'shared']);
    expect(SETTINGS.filter((setting) => may(setting, false, true))).toEqual(['world_readable', 'shared', 'invited']);
    expect(SETTINGS.filter((setting) => may(setting, true, false))).toEqual(SETTINGS);
    expect(
      canServerSee({ visibility: 'joined', visibilityAfter: 'shared', hadJoinedUser: false, hadInvitedUser: false }),
    ).toBe(true);
  });
});
