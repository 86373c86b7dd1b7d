import { isMap, type Json } from '../model/json';

/**
 * The templates and events of joins, leaves, knocks and invites are written with a required `origin`, which events have had
 * no more for years: most servers do not send it. No event is refused for lacking it.
 */
export function correctSchemas(file: string, node: Json): Json {
  if (file.startsWith('server-server/')) correct(node);
  return node;
}

function correct(node: Json | undefined): void {
  if (Array.isArray(node)) node.forEach(correct);
  if (!isMap(node)) return;
  const { required } = node;
  if (Array.isArray(required) && required.includes('state_key')) {
    node.required = required.filter((name) => name !== 'origin');
  }
  Object.values(node).forEach(correct);
}
