/** A path of an HTTP rule (https://google.aip.dev/127), such as `/api/v1/sources/{source}/tokens/{token}:revoke`. */
export interface PathPattern {
  /** Between the slashes: a literal, or undefined where there is a variable. */
  readonly segments: readonly (string | undefined)[];
  /** Names of the variables, in order: `source`, `agent.id`. */
  readonly variables: readonly string[];
  /** The custom verb behind the colon; empty when there is none. */
  readonly verb: string;
}

const SEGMENT = /^(?:\{(?<variable>[a-z][\w.]*)\}|(?<literal>[\w.~-]+))$/;

/** @throws Error for wildcards (`*`, `{name=…}`), which are not supported. */
export function parsePattern(path: string): PathPattern {
  const [, body, verb = ''] = /^\/(.*?)(?::([a-zA-Z]+))?$/.exec(path) ?? [];
  const segments = body?.split('/').map((text) => SEGMENT.exec(text)?.groups);
  if (!segments?.every((groups) => groups !== undefined)) throw new Error(`unsupported path in an HTTP rule: ${path}`);
  return {
    segments: segments.map((groups) => groups['literal']),
    variables: segments.flatMap((groups) => groups['variable'] ?? []),
    verb,
  };
}
