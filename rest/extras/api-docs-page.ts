/**
 * The viewer of the bundled documents: one page, no library, nothing from elsewhere. It shows text only as text, so a
 * document cannot bring markup in.
 */
export function viewerPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API documents</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<header>
<h1>API documents</h1>
<label>API <select id="api"></select></label>
<label>Filter <input id="filter" type="search" placeholder="path, name or words"></label>
<a id="raw" href="">OpenAPI document</a>
<output id="count"></output>
</header>
<main id="operations"><noscript>This page needs JavaScript. The documents are listed in index.json beside it.</noscript></main>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 70rem; padding: 0 1rem 4rem; }
header { position: sticky; top: 0; background: Canvas; padding: .5rem 0; display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
details { border: 1px solid color-mix(in srgb, CanvasText 25%, Canvas); border-radius: .3rem; margin: .25rem 0; padding: .2rem .6rem; }
summary { cursor: pointer; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; }
pre { overflow: auto; max-height: 30rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold; }
.old { text-decoration: line-through; }
.note { opacity: .75; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .1rem .8rem .1rem 0; vertical-align: top; }
`;

const SCRIPT = `
'use strict';
const byId = (id) => document.getElementById(id);
const make = (tag, text, className) => {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
};
let bundle = { paths: {}, components: {} };

function operations() {
  const found = [];
  for (const [path, item] of Object.entries(bundle.paths)) {
    for (const [method, operation] of Object.entries(item)) found.push({ path, method: method.toUpperCase(), operation });
  }
  return found;
}

function security(operation) {
  const kinds = (operation.security || []).map((one) => Object.keys(one)[0] || 'none');
  return kinds.length === 0 ? 'no authentication' : kinds.join(' or ');
}

function schemaText(schema) {
  const named = {};
  const visit = (node) => {
    if (Array.isArray(node)) node.forEach(visit);
    else if (node && typeof node === 'object') {
      const name = typeof node.$ref === 'string' ? node.$ref.split('/').pop() : undefined;
      if (name && !(name in named)) {
        named[name] = ((bundle.components || {}).schemas || {})[name];
        visit(named[name]);
      }
      Object.values(node).forEach(visit);
    }
  };
  visit(schema);
  const names = Object.keys(named);
  return JSON.stringify(schema, null, 2) + (names.length ? '\\n\\n' + JSON.stringify(named, null, 2) : '');
}

function contents(title, content) {
  const box = make('div');
  for (const [type, { schema }] of Object.entries(content || {})) {
    box.append(make('h2', title + ' (' + type + ')'), make('pre', schema ? schemaText(schema) : 'anything'));
  }
  return box;
}

function fill(box, { operation }) {
  box.append(make('p', operation.operationId + ', ' + security(operation), 'note'));
  const parameters = operation.parameters || [];
  if (parameters.length) {
    const table = make('table');
    for (const { name, in: place, required, schema } of parameters) {
      const row = make('tr');
      row.append(make('th', name), make('td', place), make('td', required ? 'required' : ''), make('td', JSON.stringify(schema)));
      table.append(row);
    }
    box.append(make('h2', 'Parameters'), table);
  }
  if (operation.requestBody) box.append(contents('Body', operation.requestBody.content));
  for (const [status, response] of Object.entries(operation.responses || {})) {
    if (response.content) box.append(contents('Answer ' + status, response.content));
    else box.append(make('h2', 'Answer ' + status));
  }
}

function entry(found) {
  const box = make('details');
  const head = make('summary');
  head.append(make('span', found.method, 'method'), make('code', found.path, found.operation.deprecated ? 'old' : ''));
  if (found.operation.summary) head.append(make('div', found.operation.summary, 'note'));
  box.append(head);
  box.addEventListener('toggle', () => fill(box, found), { once: true });
  return box;
}

function show() {
  const words = byId('filter').value.toLowerCase().split(/\\s+/).filter(Boolean);
  const text = ({ method, path, operation }) =>
    [method, path, operation.operationId, operation.summary, ...(operation.tags || [])].join(' ').toLowerCase();
  const shown = operations().filter((one) => words.every((word) => text(one).includes(word)));
  byId('count').textContent = shown.length + ' operations';
  const groups = new Map();
  for (const one of shown) {
    const tag = (one.operation.tags || ['other'])[0];
    groups.set(tag, [...(groups.get(tag) || []), one]);
  }
  const nodes = [...groups].flatMap(([tag, list]) => [make('h2', tag), ...list.map(entry)]);
  byId('operations').replaceChildren(...nodes);
}

async function load() {
  const file = byId('api').value;
  byId('raw').href = '/api-docs/' + file;
  bundle = await (await fetch('/api-docs/' + file)).json();
  show();
}

async function begin() {
  const list = await (await fetch('/api-docs/index.json')).json();
  for (const { api, file, version, operations } of list) {
    const option = make('option', api + ' ' + version + ' (' + operations + ')');
    option.value = file;
    byId('api').append(option);
  }
  byId('api').addEventListener('change', load);
  byId('filter').addEventListener('input', show);
  await load();
}
begin();
`;
