import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel/json';
import { parseRoomId, parseUserId } from '#kernel/ids';

/** A scalar that is a string on the wire and must satisfy `check`, which throws for what it is not. */
function stringScalar(
  name: string,
  description: string,
  check: (value: string) => unknown,
): GraphQLScalarType<string, string> {
  const read = (value: unknown): string => {
    if (typeof value !== 'string') throw new GraphQLError(`${name}: expected a string`);
    try {
      check(value);
    } catch (error) {
      throw new GraphQLError(`${name}: ${error instanceof Error ? error.message : 'not valid'}`);
    }
    return value;
  };
  return new GraphQLScalarType({
    name,
    description,
    serialize: String,
    parseValue: read,
    parseLiteral: (node) => read(node.kind === Kind.STRING ? node.value : undefined),
  });
}

export const MatrixUserId = stringScalar('MatrixUserId', 'A user id, as `@alice:example.org`.', parseUserId);
export const RoomId = stringScalar(
  'RoomId',
  'A room id, as `!opaque:example.org`, or `!hash` from room version 12 on.',
  parseRoomId,
);
export const EventId = stringScalar('EventId', 'An event id, as `$hash`.', (value) => {
  if (!value.startsWith('$') || Buffer.byteLength(value) > 255)
    throw new Error('an event id starts with $ and has at most 255 bytes');
});

/** Epoch milliseconds; 53 bits, so a Float on the wire that is always whole. */
export const TimestampMs = new GraphQLScalarType<number, number>({
  name: 'TimestampMs',
  description: 'Milliseconds since the beginning of 1970, UTC.',
  serialize: (value) => wholeNumber(value),
  parseValue: wholeNumber,
  parseLiteral: (node) => wholeNumber(node.kind === Kind.INT ? Number(node.value) : undefined),
});

export const JSONObject = new GraphQLScalarType<JsonObject, JsonObject>({
  name: 'JSONObject',
  description: 'A JSON object, as Matrix event content is.',
  serialize: (value) => jsonObject(value),
  parseValue: jsonObject,
  parseLiteral: (node, variables) => jsonObject(literal(node, variables ?? {}, 0)),
});

function wholeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new GraphQLError('TimestampMs: expected a whole number');
  return value;
}

function jsonObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new GraphQLError('JSONObject: expected an object');
  return value;
}

/** Object literals nest at most this deep; deeper values come as variables, which the body limits bound. */
const MAX_DEPTH = 50;

function literal(node: ValueNode, variables: Readonly<Record<string, unknown>>, depth: number): JsonValue {
  if (depth > MAX_DEPTH) throw new GraphQLError('JSONObject: nested too deep');
  switch (node.kind) {
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map((field) => [memberName(field.name.value), literal(field.value, variables, depth + 1)]),
      );
    case Kind.LIST:
      return node.values.map((item) => literal(item, variables, depth + 1));
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.ENUM:
      return node.value;
    case Kind.BOOLEAN:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return (variables[node.name.value] ?? null) as JsonValue;
  }
}

function memberName(name: string): string {
  if (name === '__proto__') throw new GraphQLError('JSONObject: a member called __proto__');
  return name;
}
