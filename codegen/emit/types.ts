import type { GlobalContext, SchemaObject } from 'openapi-typescript';
import { astToString, transformSchemaObject } from 'openapi-typescript';
import { factory, type TypeNode } from 'typescript';
import { isMap, type Json, type JsonMap } from '../model/json';
import { pascalCase } from '../model/names';

/** Prints linked schemas as TypeScript and notes which definitions they name. */
export class TypePrinter {
  /** `<group>.<Name>` of every definition that what was printed so far refers to. */
  readonly used = new Set<string>();
  /** Names of `#kernel/json` that what was printed so far needs. */
  readonly json = new Set<string>();
  private readonly footer: GlobalContext['injectFooter'] = [];

  /**
   * @param definitions linked schemas by name
   * @param home the group whose definitions are named without a prefix, `undefined` for none
   */
  constructor(
    private readonly definitions: ReadonlyMap<string, JsonMap>,
    private readonly home?: string,
  ) {}

  print(schema: JsonMap): string {
    const node = transformSchemaObject(plain(schema) as unknown as SchemaObject, { path: '#/x', ctx: this.context() });
    return tidy(astToString(node))
      .replace(/components\['schemas'\]\['([\w.-]+)'\]/g, (_, name: string) => this.nameOf(name))
      .replace(/\b(JsonObject|JsonValue)\b/g, (name) => (this.json.add(name), name));
  }

  /** Helper types the printed text needs, or an empty text. */
  helpers(): string {
    return this.footer.length === 0 ? '' : `\n${tidy(astToString(this.footer))}\n`;
  }

  private nameOf(id: string): string {
    this.used.add(id);
    const [group = '', name = ''] = id.split('.', 2);
    return group === this.home ? name : `${namespaceOf(group)}.${name}`;
  }

  private context(): GlobalContext {
    return {
      additionalProperties: false,
      alphabetize: false,
      arrayLength: false,
      defaultNonNullable: false,
      discriminators: { objects: {}, refsHandled: [] },
      emptyObjectsUnknown: true,
      enum: false,
      enumValues: false,
      excludeDeprecated: false,
      exportType: false,
      immutable: false,
      indentLevel: 0,
      injectFooter: this.footer,
      pathParamsAsTypes: false,
      postTransform: undefined,
      propertiesRequiredByDefault: false,
      silent: true,
      resolve: ($ref: string) => this.definitions.get($ref.slice('#/components/schemas/'.length)),
      transform: (schema: SchemaObject): TypeNode | undefined => {
        const name = namedType(schema as unknown as JsonMap);
        return name === undefined ? undefined : factory.createTypeReferenceNode(name);
      },
    } as unknown as GlobalContext;
  }
}

/** The import alias of a group of definitions. */
export function namespaceOf(group: string): string {
  return group === 'event-schemas' ? 'Events' : `${pascalCase(group)}Definitions`;
}

/** The printer's text in the repository's style: two spaces, single quotes, no comments that repeat the type. */
function tidy(text: string): string {
  return text
    .trim()
    .replace(/^ *\/\*\* @enum .*\n/gm, '')
    .replace(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2))
    .replace(/"((?:[^"\\\n]|\\.)*)"/g, (_, inner: string) => `'${inner.replaceAll("'", "\\'").replaceAll('\\"', '"')}'`)
    .replace(/'([A-Za-z_$][\w$]*)'(\??:)/g, '$1$2');
}

const COMPOSED = ['allOf', 'oneOf', 'anyOf'] as const;
const ANYTHING: JsonMap = { type: 'string', 'x-ts': 'JsonValue' };

/** The name that stands for a schema: of any value, or of an object that says nothing of its properties. */
function namedType(schema: JsonMap): string | undefined {
  if (typeof schema['x-ts'] === 'string') return schema['x-ts'];
  const silent = ['properties', 'additionalProperties', ...COMPOSED].every((key) => schema[key] === undefined);
  return schema.type === 'object' && silent ? 'JsonObject' : undefined;
}

/** The schema as the printer should see it: values of any kind named, patterns as an index, no facts beside types. */
function plain(schema: Json | undefined): JsonMap {
  if (!isMap(schema)) return ANYTHING;
  if (typeof schema.$ref === 'string') return { $ref: schema.$ref };
  const kept: JsonMap = {};
  for (const key of ['type', 'enum', 'const', 'required', 'nullable'])
    if (schema[key] !== undefined) kept[key] = schema[key];
  for (const key of COMPOSED) {
    const parts = Array.isArray(schema[key]) ? schema[key].map(plain).filter((part) => part !== ANYTHING) : [];
    if (parts.length > 0) kept[key] = parts;
  }
  const composed = COMPOSED.some((key) => kept[key] !== undefined);
  if (isMap(schema.items)) kept.items = plain(schema.items);
  else if (schema.type === 'array') kept.items = ANYTHING;
  const properties = Object.entries(isMap(schema.properties) ? schema.properties : {});
  if (properties.length > 0)
    kept.properties = Object.fromEntries(properties.map(([name, value]) => [name, plain(value)]));
  const index = indexOf(schema);
  // Beside named properties an index must admit their types too, so it says no more than that there may be others.
  if (index) kept.additionalProperties = properties.length > 0 ? ANYTHING : index;
  if (composed && kept.type === 'object') delete kept.type;
  const silent = properties.length === 0 && !index && !composed && kept.items === undefined;
  return silent && kept.type === undefined && !kept.enum && kept.const === undefined ? ANYTHING : kept;
}

/** What properties of any other name hold; `undefined` when the schema does not mention them or has only them. */
function indexOf(schema: JsonMap): JsonMap | undefined {
  const values = Object.values(isMap(schema.patternProperties) ? schema.patternProperties : {});
  const { additionalProperties: others } = schema;
  const open = others === true || (isMap(others) && Object.keys(others).length === 0);
  if (isMap(others) && !open) values.push(others);
  if (values.length === 0) return open && isMap(schema.properties) ? ANYTHING : undefined;
  return values.length === 1 ? plain(values[0]) : { anyOf: values.map(plain) };
}
