import type { Domain } from '#domain/domain';
import { PUSH_RULE_KINDS, type PushRule, type Ruleset } from '#protocol/push-rules/index';
import type { PushCondition, PushRule as WireRule, PushRuleset } from '#rest/generated/client-server/definitions';
import type { Pushrules } from '#rest/generated/client-server/pushrules.routes';

export const pushrules = ({ pushRules: rules }: Pick<Domain, 'pushRules'>): Pushrules => ({
  async getPushRules({ requester }) {
    return { global: rulesetToWire(await rules.ruleset(requester.userId)) };
  },

  async getPushRulesGlobal({ requester }) {
    return rulesetToWire(await rules.ruleset(requester.userId));
  },

  async getPushRule({ requester, path: { kind, ruleId } }) {
    return ruleToWire(await rules.rule(requester.userId, kind, ruleId));
  },

  async setPushRule({ requester, path: { kind, ruleId }, query, body }) {
    await rules.put(requester.userId, kind, ruleId, body, query);
    return {};
  },

  async deletePushRule({ requester, path: { kind, ruleId } }) {
    await rules.remove(requester.userId, kind, ruleId);
    return {};
  },

  async isPushRuleEnabled({ requester, path: { kind, ruleId } }) {
    return { enabled: (await rules.rule(requester.userId, kind, ruleId)).enabled };
  },

  async setPushRuleEnabled({ requester, path: { kind, ruleId }, body }) {
    await rules.setEnabled(requester.userId, kind, ruleId, body.enabled);
    return {};
  },

  async getPushRuleActions({ requester, path: { kind, ruleId } }) {
    return { actions: (await rules.rule(requester.userId, kind, ruleId)).actions };
  },

  async setPushRuleActions({ requester, path: { kind, ruleId }, body }) {
    await rules.setActions(requester.userId, kind, ruleId, body.actions);
    return {};
  },
});

function rulesetToWire(ruleset: Ruleset): PushRuleset {
  return Object.fromEntries(PUSH_RULE_KINDS.map((kind) => [kind, ruleset[kind].map(ruleToWire)]));
}

/** Conditions were read with a `kind` each, which their stored type does not say. */
function ruleToWire({ conditions, ...rule }: PushRule): WireRule {
  return conditions === undefined ? rule : { ...rule, conditions: conditions as PushCondition[] };
}
