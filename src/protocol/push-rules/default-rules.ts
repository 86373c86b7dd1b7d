import type { JsonObject } from '#kernel/json';

import type { PushAction, PushRule, PushRuleKind, Ruleset, StoredPushRules } from './rule';

const SOUND_DEFAULT = { set_tweak: 'sound', value: 'default' };
const SOUND_RING = { set_tweak: 'sound', value: 'ring' };
const HIGHLIGHT = { set_tweak: 'highlight' };
/** Tried before even the user's own rules, so that it can silence them all. */
const MASTER = '.m.rule.master';

/** The server-default rules, in order. Spec: client-server, "Predefined Rules" (since v1.17). */
export function defaultRules(userId: string): Ruleset {
  return {
    override: [
      rule(MASTER, [], [], false),
      rule('.m.rule.suppress_notices', [matches('content.msgtype', 'm.notice')], []),
      rule(
        '.m.rule.invite_for_me',
        [matches('type', 'm.room.member'), matches('content.membership', 'invite'), matches('state_key', userId)],
        ['notify', SOUND_DEFAULT],
      ),
      rule('.m.rule.member_event', [matches('type', 'm.room.member')], []),
      rule(
        '.m.rule.is_user_mention',
        [{ kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: userId }],
        ['notify', SOUND_DEFAULT, HIGHLIGHT],
      ),
      rule(
        '.m.rule.is_room_mention',
        [
          { kind: 'event_property_is', key: 'content.m\\.mentions.room', value: true },
          { kind: 'sender_notification_permission', key: 'room' },
        ],
        ['notify', HIGHLIGHT],
      ),
      rule('.m.rule.tombstone', [matches('type', 'm.room.tombstone'), matches('state_key', '')], ['notify', HIGHLIGHT]),
      rule('.m.rule.reaction', [matches('type', 'm.reaction')], []),
      rule('.m.rule.room.server_acl', [matches('type', 'm.room.server_acl'), matches('state_key', '')], []),
      rule(
        '.m.rule.suppress_edits',
        [{ kind: 'event_property_is', key: 'content.m\\.relates_to.rel_type', value: 'm.replace' }],
        [],
      ),
    ],
    content: [],
    room: [],
    sender: [],
    underride: [
      rule('.m.rule.call', [matches('type', 'm.call.invite')], ['notify', SOUND_RING]),
      rule(
        '.m.rule.encrypted_room_one_to_one',
        [TWO_MEMBERS, matches('type', 'm.room.encrypted')],
        ['notify', SOUND_DEFAULT],
      ),
      rule('.m.rule.room_one_to_one', [TWO_MEMBERS, matches('type', 'm.room.message')], ['notify', SOUND_DEFAULT]),
      rule('.m.rule.message', [matches('type', 'm.room.message')], ['notify']),
      rule('.m.rule.encrypted', [matches('type', 'm.room.encrypted')], ['notify']),
    ],
  };
}

/**
 * All rules of a user in the order of evaluation: the master rule, then in each kind the user's own rules before the
 * server's. This is what `GET /pushrules/` and the `m.push_rules` account data show under `global`.
 */
export function rulesetOf(stored: StoredPushRules, userId: string): Ruleset {
  const defaults = defaultRules(userId);
  const merge = (kind: PushRuleKind): PushRule[] => {
    const server = defaults[kind].map((entry) => withChange(stored, entry));
    return [
      ...server.filter((entry) => entry.rule_id === MASTER),
      ...(stored.own[kind] ?? []),
      ...server.filter((entry) => entry.rule_id !== MASTER),
    ];
  };
  return {
    override: merge('override'),
    content: merge('content'),
    room: merge('room'),
    sender: merge('sender'),
    underride: merge('underride'),
  };
}

function withChange(stored: StoredPushRules, entry: PushRule): PushRule {
  const change = Object.hasOwn(stored.defaults, entry.rule_id) ? stored.defaults[entry.rule_id] : undefined;
  return change === undefined
    ? entry
    : { ...entry, enabled: change.enabled ?? entry.enabled, actions: change.actions ?? entry.actions };
}

const TWO_MEMBERS = { kind: 'room_member_count', is: '2' };

function matches(key: string, pattern: string): JsonObject {
  return { kind: 'event_match', key, pattern };
}

function rule(ruleId: string, conditions: JsonObject[], actions: PushAction[], enabled = true): PushRule {
  return { rule_id: ruleId, default: true, enabled, conditions, actions };
}
