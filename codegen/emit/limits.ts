import { isMap, type Json, type JsonMap } from '../model/json';

/** Longest path parameter: identifiers have 255 bytes, and three times that when percent-encoded and decoded wrong. */
const PATH = 1024;
/** Longest query text; `filter` may hold a whole filter as JSON. */
const QUERY = 8192;
/** Longest text in a body, unless a name below says less. */
const BODY = 65536;
/** Texts that are stored, mailed or looked up, by property or parameter name. */
const NAMED: Readonly<Record<string, number>> = {
  filter: 65536,
  client_secret: 255,
  sid: 255,
  country: 16,
  phone_number: 128,
  email: 500,
  address: 500,
  medium: 64,
  next_link: 2048,
  id_server: 512,
  device_id: 512,
  initial_device_display_name: 1024,
  session: 255,
  room_alias_name: 255,
  pushkey: 512,
  app_id: 64,
};

/** A parameter's schema with a longest length wherever it allows a text without one. */
export function boundParameter(where: string, name: string, schema: JsonMap): JsonMap {
  return bound(schema, NAMED[name] ?? (where === 'path' ? PATH : QUERY));
}

/** A body's schema with a longest length for every text. */
export function boundStrings(schema: JsonMap): JsonMap {
  return bound(schema, BODY);
}

function bound(node: JsonMap, longest: number): JsonMap {
  const made: JsonMap = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties' && isMap(value)) made[key] = byName(value, longest);
    else if (key === 'enum' || key === 'const' || key === 'required') made[key] = value;
    else made[key] = deeper(value, longest);
  }
  const { type } = node;
  const text = type === 'string' || (Array.isArray(type) && type.includes('string'));
  if (text && node.maxLength === undefined && node.enum === undefined) made.maxLength = longest;
  return made;
}

function deeper(value: Json | undefined, longest: number): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => (isMap(item) ? bound(item, longest) : item));
  return isMap(value) ? bound(value, longest) : value;
}

function byName(properties: JsonMap, longest: number): JsonMap {
  const entries = Object.entries(properties).map(([name, schema]): [string, Json | undefined] => {
    return [name, isMap(schema) ? bound(schema, NAMED[name] ?? longest) : schema];
  });
  return Object.fromEntries(entries);
}
