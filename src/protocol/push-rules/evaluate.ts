import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';

import { ownString, ownValue } from '../json-access';
import { compileBodyPattern, compileCondition, type Condition, type PushContext } from './conditions';
import { PUSH_RULE_KINDS, type PushAction, type PushRule, type PushRuleKind, type Ruleset } from './rule';

/** What a matching rule wants. */
export interface PushOutcome {
  readonly ruleId: string;
  readonly notify: boolean;
  readonly highlight: boolean;
  readonly sound: string | undefined;
  /** The actions without the historical ones, as pushers and `/notifications` show them. */
  readonly actions: readonly PushAction[];
  /** All tweaks by name, for the push gateway. */
  readonly tweaks: JsonObject;
}

/** A ruleset made ready: evaluating it parses nothing. Keep it until the user's rules change. */
export interface CompiledRuleset {
  /**
   * The outcome of the first rule that matches an event in client format (with `room_id`); undefined when none does or
   * when the user sent the event.
   */
  evaluate(event: JsonObject, context: PushContext): PushOutcome | undefined;
}

interface CompiledRule {
  readonly conditions: readonly Condition[];
  readonly outcome: PushOutcome;
}

/** Compiles a user's rules. Disabled rules are left out. Spec: client-server, "Push Rules". */
export function compileRuleset(ruleset: Ruleset): CompiledRuleset {
  const rules = PUSH_RULE_KINDS.flatMap((kind) =>
    ruleset[kind].filter((rule) => rule.enabled).map((rule) => compileRule(kind, rule)),
  );
  return {
    evaluate(event, context) {
      if (event.sender === context.userId) return undefined;
      return rules.find((rule) => rule.conditions.every((holds) => holds(event, context)))?.outcome;
    },
  };
}

/** Actions as they take effect: without `dont_notify`, `coalesce` and what is neither text nor tweak. */
export function effectiveActions(actions: readonly JsonValue[]): PushAction[] {
  return actions.filter((action): action is PushAction => {
    if (typeof action === 'string') return action !== 'dont_notify' && action !== 'coalesce';
    return isJsonObject(action) && ownString(action, 'set_tweak') !== undefined;
  });
}

function compileRule(kind: PushRuleKind, rule: PushRule): CompiledRule {
  return { conditions: conditionsOf(kind, rule), outcome: outcomeOf(rule) };
}

function conditionsOf(kind: PushRuleKind, rule: PushRule): Condition[] {
  switch (kind) {
    case 'content':
      return [compileBodyPattern(rule.pattern ?? '')];
    case 'room':
      return [(event) => event.room_id === rule.rule_id];
    case 'sender':
      return [(event) => event.sender === rule.rule_id];
    default:
      return (rule.conditions ?? []).map(compileCondition);
  }
}

function outcomeOf(rule: PushRule): PushOutcome {
  const actions = effectiveActions(rule.actions);
  const tweaks: JsonObject = {};
  for (const action of actions) {
    if (typeof action === 'string') continue;
    const name = ownString(action, 'set_tweak') as string;
    const value = ownValue(action, 'value') ?? (name === 'highlight' ? true : undefined);
    if (value !== undefined) Object.defineProperty(tweaks, name, { value, enumerable: true, configurable: true });
  }
  return {
    ruleId: rule.rule_id,
    notify: actions.includes('notify'),
    highlight: ownValue(tweaks, 'highlight') === true,
    sound: ownString(tweaks, 'sound'),
    actions,
    tweaks,
  };
}
