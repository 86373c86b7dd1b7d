import type { JsonObject, JsonValue } from '#kernel/json';

/** Kinds in the order in which they are tried. */
export const PUSH_RULE_KINDS = ['override', 'content', 'room', 'sender', 'underride'] as const;
export type PushRuleKind = (typeof PUSH_RULE_KINDS)[number];

export type PushAction = string | JsonObject;

/** A rule as clients see it. */
export type PushRule = {
  rule_id: string;
  default: boolean;
  enabled: boolean;
  actions: PushAction[];
  conditions?: JsonObject[];
  pattern?: string;
};

/** All rules of a user, in the order in which they are tried within each kind: the `global` of `m.push_rules`. */
export type Ruleset = Record<PushRuleKind, PushRule[]>;

/** What a user changed about a server-default rule. */
export interface DefaultRuleChange {
  readonly enabled?: boolean;
  readonly actions?: PushAction[];
}

/** What is stored for a user: their own rules, most important first, and their changes to the defaults. Plain JSON. */
export interface StoredPushRules {
  readonly own: { readonly [kind in PushRuleKind]?: readonly PushRule[] };
  readonly defaults: { readonly [ruleId: string]: DefaultRuleChange };
}

/** What a user has who never touched their rules. */
export const NO_PUSH_RULES: StoredPushRules = Object.freeze({ own: {}, defaults: {} });

/** Whether a text is a kind of rule. */
export function isPushRuleKind(kind: JsonValue | undefined): kind is PushRuleKind {
  return (PUSH_RULE_KINDS as readonly (JsonValue | undefined)[]).includes(kind);
}
