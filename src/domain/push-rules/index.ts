/**
 * Push rules of local users: the protocol's default rules and each user's changes to them. Owns the table `push_rules`;
 * clients hear of changes as the account data `m.push_rules`. Spec: client-server API, "Push Rules".
 */
export { PushRules, PUSH_RULES } from './push-rules.service';
