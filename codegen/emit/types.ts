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
    return astToString(node)
      .trim()
      .replace(/components\["schemas"\]\["([\w.-]+)"\]/g, (_, name: string) => this.nameOf(name))
      .replace(/\b(JsonObject|JsonValue)\b/g, (name) => (this.json.add(name), name));
  }

  /** Helper types the printed text needs, or an empty text. */
  helpers(): string {
    return this.footer.length === 0 ? '' : `${astToString(this.footer).trim()}\n`;
  }

  private nameOf(id: string): string {
    this.used.add(id);
    const [group = '', name = ''] = id.split('.', 2);
    return group === this.home ? name : `${namespaceOf(group)}.${name}`;
  }

  private context(): GlobalContext {
    return {
      additionalProperties: false, alphabetize: false, arrayLength: false, defaultNonNullable: false,
      discriminators: { objects: {}, refsHandled: [] }, emptyObjectsUnknown: true, enum: false, enumValues: false,
      excludeDeprecated: false, exportType: false, immutable: false, indentLevel: 0, injectFooter: this.footer,
      pathParamsAsTypes: false, postTransform: undefined, propertiesRequiredByDefault: false, silent: true,
      resolve: ($ref: string) => this.definitions.get($ref.slice('#/components/schemas/'.length)),
      transform: (schema: SchemaObject): TypeNode | undefined => {
        const name = (schema as { 'x-ts'?: unknown })['x-ts'];
        return typeof name === 'string' ? factory.createTypeReferenceNode(name) : undefined;
      },
    } as unknown as GlobalContext;
  }
}

/** The import alias of a group of definitions. */
export function namespaceOf(group: string): string {
  return group === 'event-schemas' ? 'Events' : `${pascalCase(group)}Definitions`;
}

const COMPOSED = ['allOf', 'oneOf', 'anyOf'] as const;

/** The schema as the printer should see it: open objects and values named, patterns as an index, no facts beside types. */
function plain(schema: Json | undefined): JsonMap {
  if (!isMap(schema)) return { type: 'string', 'x-ts': 'JsonValue' };
  if (typeof schema.$ref === 'string') return { $ref: schema.$ref };
  const kept: JsonMap = {};
  for (const key of ['type', 'enum', 'const', 'required', 'nullable']) if (schema[key] !== undefined) kept[key] = schema[key];
  for (const key of COMPOSED) if (Array.isArray(schema[key])) kept[key] = schema[key].map(plain);
  const composed = COMPOSED.some((key) => kept[key] !== undefined);
  if (isMap(schema.items)) kept.items = plain(schema.items);
  else if (schema.type === 'array') kept.items = plain(undefined);
  const properties = Object.entries(isMap(schema.properties) ? schema.properties : {});
  if (properties.length > 0) kept.properties = Object.fromEntries(properties.map(([name, value]) => [name, plain(value)]));
  const index = indexOf(schema);
  if (index) kept.additionalProperties = properties.length > 0 ? plain(undefined) : index;
  if (composed && kept.type === 'object') delete kept.type;
  const bare = properties.length === 0 && !index && !composed;
  if (bare && kept.type === 'object') return { type: 'object', 'x-ts': 'JsonObject' };
  if (bare && kept.type === undefined && !kept.enum && kept.const === undefined && !kept.items) return plain(undefined);
  return kept;
}

/** What properties of any other name hold; `undefined` when the schema does not say or says "anything". */
function indexOf(schema: JsonMap): JsonMap | undefined {
  const values = Object.values(isMap(schema.patternProperties) ? schema.patternProperties : {});
  if (isMap(schema.additionalProperties) && Object.keys(schema.additionalProperties).length > 0) values.push(schema.additionalProperties);
  if (values.length === 0) return undefined;
  return values.length === 1 ? plain(values[0]) : { anyOf: values.map(plain) };
}
