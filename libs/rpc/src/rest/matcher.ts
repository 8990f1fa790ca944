import type { Binding } from './binding.ts';

export interface Match {
  /** By HTTP method. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** What stands at the variables, decoded, in order. */
  readonly values: readonly string[];
  /** The custom verb, if the path has one. */
  readonly verb: string;
}

interface Node {
  readonly literals: Map<string, Node>;
  variable: Node | undefined;
  /** By custom verb, then by HTTP method. */
  readonly verbs: Map<string, Map<string, Binding>>;
}

/**
 * Finds the bindings of a path. Fastify's router is not used for it because it knows neither custom verbs
 * (`tokens/{token}:revoke`) nor which other methods a path has, for 405.
 *
 * @throws Error when two methods claim the same path.
 */
export function createMatcher(bindings: readonly Binding[]): (path: string) => Match | undefined {
  const root = emptyNode();
  for (const binding of bindings) {
    const { segments, verb } = binding.pattern;
    let node = root;
    for (const literal of segments) {
      if (literal === undefined) node = node.variable ??= emptyNode();
      else node.literals.set(literal, (node = node.literals.get(literal) ?? emptyNode()));
    }
    const methods = node.verbs.get(verb) ?? new Map<string, Binding>();
    if (methods.has(binding.httpMethod)) throw new Error(`two methods claim ${binding.httpMethod} ${binding.path}`);
    node.verbs.set(verb, methods.set(binding.httpMethod, binding));
  }
  return (path) => {
    const raw = path.split('/').slice(1);
    const last = raw.at(-1) ?? '';
    const colon = last.lastIndexOf(':');
    // "tok_1:revoke" is a verb where there is one of that name, and a value with a colon anywhere else.
    const withVerb =
      colon < 0 ? undefined : find(root, [...raw.slice(0, -1), last.slice(0, colon)], last.slice(colon + 1));
    return withVerb ?? find(root, raw, '');
  };
}

function find(root: Node, raw: readonly string[], verb: string): Match | undefined {
  const segments = raw.map(decode);
  if (!segments.every((segment) => segment !== undefined)) return undefined;
  const walk = (node: Node, index: number, values: readonly string[]): Match | undefined => {
    const segment = segments[index];
    if (segment === undefined) {
      const bindings = node.verbs.get(verb);
      return bindings && { bindings, values, verb };
    }
    const literal = node.literals.get(segment);
    const found = literal && walk(literal, index + 1, values);
    return found ?? (node.variable && segment ? walk(node.variable, index + 1, [...values, segment]) : undefined);
  };
  return walk(root, 0, []);
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function emptyNode(): Node {
  return { literals: new Map(), variable: undefined, verbs: new Map() };
}
