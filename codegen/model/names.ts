/** `room_send` and `account-data` to `RoomSend` and `AccountData`; the rest of a word keeps its spelling. */
export function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

/** The name of a definition: its group (an API, `event-schemas`, `schemas`) and a type name, as `client-server.ClientEvent`. */
export function definitionName(file: string, pointer: string): string {
  const [group = '', ...rest] = file.replace(/\.(yaml|json)$/, '').split('/');
  const parts = rest[0] === 'definitions' ? rest.slice(1) : rest;
  const inside = pointer.split('/').filter((part) => !['', 'components', 'schemas', 'properties'].includes(part));
  return `${group}.${pascalCase([...parts, ...inside].join(' '))}`;
}
