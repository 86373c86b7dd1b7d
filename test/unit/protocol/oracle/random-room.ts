import type { JsonObject, JsonValue } from '#kernel/json';
import { SigningKey, signJson } from '#protocol/signing/index';
import fc from 'fast-check';
import { type Action, type Node, TestDag } from '../state-resolution/test-dag';

const USERS = ['@alice:a.org', '@bob:b.org', '@carol:c.org', '@dan:d.org', '@eve:a.org'];
const [ALICE, BOB] = USERS as [string, string];
const SINGLE_LEVELS = ['ban', 'kick', 'invite', 'redact', 'state_default', 'events_default', 'users_default'];
const JOIN_RULES = ['public', 'public', 'invite', 'knock', 'restricted', 'knock_restricted', 'private'];

const TOKENS = ['token 1', 'token 2'];
/** What an identity server signs third-party invites with, and what somebody else would. */
const [IDENTITY_KEY, OTHER_KEY] = ['k', 'x'].map((letter) =>
  SigningKey.fromSeed('ed25519:0', Buffer.alloc(32, letter)),
) as [SigningKey, SigningKey];

const user = fc.constantFrom(...USERS);
/** Those who often have power, so that not everything is refused. */
const powerful = fc.oneof(fc.constantFrom(ALICE, BOB), user);

/** Levels as a room version writes them: texts up to version 9, floats up to 5. */
function levelOf(id: string): fc.Arbitrary<JsonValue> {
  const integers: fc.Arbitrary<JsonValue> = fc.constantFrom(0, 25, 50, 75, 100);
  const odd = [...(Number(id) <= 9 ? ['50', '100 ', '-5'] : []), ...(Number(id) <= 5 ? [50.7, 0.5] : [])];
  return odd.length === 0 ? integers : fc.oneof({ weight: 5, arbitrary: integers }, fc.constantFrom<JsonValue>(...odd));
}

function powerLevelsOf(id: string): fc.Arbitrary<JsonObject> {
  const level = levelOf(id);
  const group = (...keys: string[]) => fc.dictionary(fc.constantFrom(...keys), level);
  return fc
    .record(
      {
        users: group(...(id === '12' ? USERS.slice(1) : USERS)),
        events: group('m.room.topic', 'm.room.name'),
        notifications: group('room'),
        single: group(...SINGLE_LEVELS),
      },
      { requiredKeys: ['users'] },
    )
    .map(({ single, ...groups }) => ({ ...single, ...groups }));
}

function memberAction(): fc.Arbitrary<Action> {
  const memberships = fc.constantFrom('join', 'join', 'join', 'leave', 'ban', 'invite', 'knock');
  return fc
    .tuple(powerful, user, memberships, fc.option(user), fc.nat(9))
    .map(([sender, target, membership, via, odds]) => {
      const own = membership === 'join' || membership === 'knock';
      const vouched: JsonObject = own && via !== null ? { join_authorised_via_users_server: via } : {};
      const content = { membership, ...vouched };
      return { sender: own && odds > 0 ? target : sender, type: 'm.room.member', stateKey: target, content };
    });
}

/** An invitation to an address, and its redemption: now and then for somebody else, signed by somebody else, or for no offer. */
function thirdPartyAction(): fc.Arbitrary<Action> {
  const publicKey = IDENTITY_KEY.publicKey;
  const offers = fc.constantFrom<JsonObject[]>(
    { public_key: publicKey, display_name: 'x' },
    { public_keys: [{ public_key: OTHER_KEY.publicKey }, { public_key: publicKey }] },
  );
  const token = fc.constantFrom(...TOKENS);
  const type = 'm.room.third_party_invite';
  const offer = fc.record({ sender: powerful, type: fc.constant(type), stateKey: token, content: offers });
  const redemption = fc.tuple(powerful, user, token, fc.nat(9), user).map(([sender, target, proof, odds, other]) => {
    const claim = { mxid: odds === 0 ? other : target, token: proof };
    const signed = signJson(claim, 'identity.org', odds === 1 ? OTHER_KEY : IDENTITY_KEY);
    const content = { membership: 'invite', third_party_invite: { display_name: 'x', signed } };
    return { sender, type: 'm.room.member', stateKey: target, content };
  });
  return fc.oneof(offer, redemption);
}

/** A redaction of an event that may be there or not: only its id is looked at, and only by versions 1 and 2. */
function redaction(): fc.Arbitrary<Action> {
  const redacts = fc.tuple(fc.nat(60), fc.constantFrom('a.org', 'b.org')).map(([n, name]) => `$${n}:${name}`);
  return fc.record({ sender: user, type: fc.constant('m.room.redaction'), redacts });
}

function actionOf(id: string): fc.Arbitrary<Action> {
  const state = (
    type: string,
    sender: fc.Arbitrary<string>,
    content: fc.Arbitrary<JsonObject>,
    stateKey: fc.Arbitrary<string> = fc.constant(''),
  ) => fc.record({ type: fc.constant(type), sender, content, stateKey });
  const anything = fc.record({ t: fc.nat(999) });
  return fc.oneof(
    { weight: 9, arbitrary: memberAction() },
    { weight: 4, arbitrary: state('m.room.power_levels', powerful, powerLevelsOf(id)) },
    {
      weight: 3,
      arbitrary: state('m.room.join_rules', powerful, fc.record({ join_rule: fc.constantFrom(...JOIN_RULES) })),
    },
    { weight: 2, arbitrary: thirdPartyAction() },
    { weight: 1, arbitrary: redaction() },
    { weight: 2, arbitrary: state('m.room.topic', user, anything) },
    { weight: 1, arbitrary: state('org.example.mine', user, anything, user) },
    { weight: 1, arbitrary: state('m.room.aliases', user, anything, fc.constantFrom('a.org', 'b.org')) },
  );
}

/** A room that grew by random steps, forks and merges; and some of its newest events, whose states are to be resolved. */
export function randomRoom(
  id: string,
  first: readonly Action[] = [],
  signers: readonly string[] = [],
): fc.Arbitrary<{ dag: TestDag; tips: Node[]; start: Node }> {
  const parents = fc.array(fc.nat(12), { minLength: 1, maxLength: 3 });
  const step = fc.record({ action: actionOf(id), parents, ts: fc.nat(60) });
  return fc
    .record({
      steps: fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }),
      tips: fc.array(fc.nat(12), { minLength: 3, maxLength: 4 }),
      creators: fc.option(fc.constantFrom(...USERS.slice(1))),
    })
    .map(({ steps, tips, creators }) => {
      const dag = new TestDag(id, ALICE, creators === null ? {} : { additional_creators: [creators] });
      dag.signatures = Object.fromEntries(signers.map((server) => [server, {}]));
      const users = id === '12' ? {} : { [ALICE]: 100, [BOB]: 50 };
      const accepted = [
        dag.chain(
          [dag.create],
          { sender: ALICE, type: 'm.room.member', stateKey: ALICE, content: { membership: 'join' } },
          { sender: ALICE, type: 'm.room.power_levels', stateKey: '', content: { users } },
          { sender: ALICE, type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
          { sender: BOB, type: 'm.room.member', stateKey: BOB, content: { membership: 'join' } },
          ...first,
        ),
      ];
      const start = accepted[0] as Node;
      const back = (places: number[]) => [
        ...new Set(places.map((place) => accepted.at(-1 - Math.min(place, accepted.length - 1)) as Node)),
      ];
      for (const { action, parents: places, ts } of steps) {
        const node = dag.add(back(places), { ...action, ts: 100 + ts });
        if (!node.rejected) accepted.push(node);
      }
      return { dag, tips: back(tips), start };
    });
}
