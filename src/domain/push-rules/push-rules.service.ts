import {
  ACCOUNT_DATA_STREAM,
  type AccountData,
  type AccountDataChange,
  type ComputedAccountData,
} from '#domain/account-data';
import { NotFoundError, TooLargeError } from '#kernel/errors';
import { utf8Length } from '#kernel/ids';
import type { JsonObject, JsonValue } from '#kernel/json';
import { StreamCache } from '#platform/cache/stream-cache';
import type { Storage, Tx } from '#platform/storage/storage';
import {
  compileRuleset,
  deleteRule,
  NO_PUSH_RULES,
  putRule,
  rulesetOf,
  setRuleActions,
  setRuleEnabled,
  type CompiledRuleset,
  type PushRule,
  type PushRuleKind,
  type RulePlace,
  type Ruleset,
  type StoredPushRules,
} from '#protocol/push-rules/index';
import { PushRulesReader, PushRulesWriter } from './push-rules.repository';

export const PUSH_RULES = 'm.push_rules';
/** All that one user changed, as JSON text. */
const MAX_BYTES = 256 * 1024;

/** Which events notify a user: the default rules with what the user changed about them. Spec: "Push Rules". */
export class PushRules implements ComputedAccountData {
  readonly type = PUSH_RULES;
  private readonly compiled = new StreamCache<string, CompiledRuleset>(50_000);

  constructor(
    private readonly storage: Storage,
    private readonly accountData: AccountData,
  ) {
    accountData.attach(this);
    storage.subscribe(ACCOUNT_DATA_STREAM, ({ key, payload }) => {
      if ((payload as AccountDataChange).type === PUSH_RULES) this.compiled.drop(key);
    });
  }

  /** All rules of a user, in the order of evaluation: the `global` of `GET /pushrules/`. */
  async ruleset(userId: string): Promise<Ruleset> {
    return rulesetOf(await new PushRulesReader(this.storage).find(userId), userId);
  }

  /** The content of the account data `m.push_rules`. */
  async content(userId: string): Promise<JsonObject> {
    return { global: await this.ruleset(userId) };
  }

  /** A user's rules made ready for evaluation; kept until they change. */
  rulesFor(userId: string): Promise<CompiledRuleset> {
    return this.compiled.load(userId, async () => compileRuleset(await this.ruleset(userId)));
  }

  /** {@link rulesFor} for many users, with one read of those that are not kept. */
  rulesForMany(userIds: readonly string[]): Promise<Map<string, CompiledRuleset>> {
    return this.compiled.loadMany(userIds, async (missing) => {
      const stored = await new PushRulesReader(this.storage).findMany(missing);
      const rules = (userId: string) => rulesetOf(stored.get(userId) ?? NO_PUSH_RULES, userId);
      return new Map(missing.map((userId) => [userId, compileRuleset(rules(userId))]));
    });
  }

  /** One rule. @throws NotFoundError */
  async rule(userId: string, kind: PushRuleKind, ruleId: string): Promise<PushRule> {
    const rule = (await this.ruleset(userId))[kind].find((candidate) => candidate.rule_id === ruleId);
    if (rule === undefined) throw new NotFoundError('No such push rule');
    return rule;
  }

  /** Adds or replaces a rule of the user's own. @throws what `putRule` of the protocol says; TooLargeError */
  async put(userId: string, kind: PushRuleKind, ruleId: string, rule: JsonObject, place: RulePlace): Promise<void> {
    await this.change(userId, (stored) => putRule(stored, kind, ruleId, rule, place));
  }

  /** @throws NotFoundError; InvalidParamError for a rule of the server */
  async remove(userId: string, kind: PushRuleKind, ruleId: string): Promise<void> {
    await this.change(userId, (stored) => deleteRule(stored, kind, ruleId));
  }

  /** @throws NotFoundError, BadJsonError */
  async setEnabled(userId: string, kind: PushRuleKind, ruleId: string, enabled: boolean): Promise<void> {
    await this.change(userId, (stored) => setRuleEnabled(stored, kind, ruleId, enabled));
  }

  /** @throws NotFoundError, BadJsonError */
  async setActions(userId: string, kind: PushRuleKind, ruleId: string, actions: JsonValue): Promise<void> {
    await this.change(userId, (stored) => setRuleActions(stored, kind, ruleId, actions));
  }

  /** Forgets the rules of a user whose account is closed. */
  async removeAll(tx: Tx, userId: string): Promise<void> {
    await new PushRulesWriter(tx).remove(userId);
    tx.afterCommit(() => this.compiled.drop(userId));
  }

  private async change(userId: string, edit: (stored: StoredPushRules) => StoredPushRules): Promise<void> {
    await this.storage.write(async (tx) => {
      const rules = new PushRulesWriter(tx);
      const text = JSON.stringify(edit(await rules.lock(userId)));
      if (utf8Length(text) > MAX_BYTES) throw new TooLargeError(`push rules: together longer than ${MAX_BYTES} bytes`);
      await rules.save(userId, text);
      await this.accountData.touch(tx, userId, PUSH_RULES);
      tx.afterCommit(() => this.compiled.drop(userId));
    });
  }
}
