export {
  isPushRuleKind,
  NO_PUSH_RULES,
  PUSH_RULE_KINDS,
  type DefaultRuleChange,
  type PushAction,
  type PushRule,
  type PushRuleKind,
  type Ruleset,
  type StoredPushRules,
} from './rule';
export { defaultRules, rulesetOf } from './default-rules';
export type { PushContext } from './conditions';
export { compileRuleset, effectiveActions, type CompiledRuleset, type PushOutcome } from './evaluate';
export {
  deleteRule,
  MAX_OWN_RULES,
  MAX_PATTERN_LENGTH,
  MAX_PATTERNS,
  parsePushRuleKind,
  putRule,
  setRuleActions,
  setRuleEnabled,
  type RulePlace,
} from './edit';
