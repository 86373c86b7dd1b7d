import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { getComplexity, simpleEstimator } from 'graphql-query-complexity';
import { connectionEstimator } from './complexity';

/** The limits that configuration sets. */
export interface GraphqlLimits {
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxComplexity: number;
}

/** Largest request body, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;
const MAX_TOKENS = 2_000;
const MAX_ALIASES = 30;
const MAX_DIRECTIVES = 20;
const MAX_ROOT_MUTATIONS = 4;

/** An operation as both transports know it before anything runs. */
export interface PlannedOperation {
  readonly document: DocumentNode;
  readonly variables: Record<string, unknown> | undefined;
  readonly operationName: string | undefined;
}

/** Validation rules that bound a document by its shape: depth, aliases, directives. Tokens are bounded by the parser. */
export function shapeRules(limits: GraphqlLimits): ValidationRule[] {
  const armor = new ApolloArmor({
    maxDepth: { n: limits.maxDepth, ignoreIntrospection: true },
    maxAliases: { n: MAX_ALIASES },
    maxDirectives: { n: MAX_DIRECTIVES },
    maxTokens: { enabled: false },
    blockFieldSuggestion: { enabled: false },
    costLimit: { enabled: false },
  });
  return armor.protect().validationRules;
}

/** Parser options: a document longer than this is refused while it is read. */
export const parseOptions = { maxTokens: MAX_TOKENS } as const;

/**
 * Refuses what costs too much, variables counted, and more than four root mutations.
 * @throws GraphQLError BAD_USER_INPUT
 */
export function checkCost(schema: GraphQLSchema, operation: PlannedOperation, limits: GraphqlLimits): void {
  const cost = costOf(schema, operation);
  if (cost > limits.maxComplexity) {
    throw refusal(`The operation costs ${Math.ceil(cost)}, more than the ${limits.maxComplexity} allowed`);
  }
  for (const definition of operation.document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== OperationTypeNode.MUTATION) continue;
    if (countFields(definition.selectionSet, operation.document, MAX_ROOT_MUTATIONS) > MAX_ROOT_MUTATIONS) {
      throw refusal(`At most ${MAX_ROOT_MUTATIONS} mutations fit in one request`);
    }
  }
}

/** The library gives up at 10,000 fields, of which fragments that spread fragments make any number from few tokens. */
function costOf(schema: GraphQLSchema, { document, variables, operationName }: PlannedOperation): number {
  const estimators = [connectionEstimator, simpleEstimator({ defaultComplexity: 1 })];
  try {
    return getComplexity({ schema, query: document, variables, operationName, estimators });
  } catch (error) {
    throw error instanceof GraphQLError ? refusal(error.message) : error;
  }
}

/** The fields of a selection, those in its fragments included; stops counting beyond `enough`. */
function countFields(selection: SelectionSetNode, document: DocumentNode, enough: number): number {
  let count = 0;
  for (const node of selection.selections) {
    if (count > enough) return count;
    const inner = node.kind === Kind.FIELD ? undefined : selectionOf(node, document);
    count += inner === undefined ? 1 : countFields(inner, document, enough - count);
  }
  return count;
}

function selectionOf(node: InlineFragmentNode | FragmentSpreadNode, { definitions }: DocumentNode) {
  if (node.kind === Kind.INLINE_FRAGMENT) return node.selectionSet;
  const isIt = (definition: DefinitionNode): definition is FragmentDefinitionNode =>
    definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === node.name.value;
  return definitions.find(isIt)?.selectionSet;
}

/** `checkCost` for Apollo. */
export const costPlugin = (schema: GraphQLSchema, limits: GraphqlLimits): ApolloServerPlugin => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ document, request, operationName }) {
        checkCost(
          schema,
          { document, variables: request.variables, operationName: operationName ?? undefined },
          limits,
        );
      },
    };
  },
});

const refusal = (message: string) => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
