import { checkPlaceholder } from '../crud/placeholder.ts';
import type { Problems } from '../crud/problems.ts';

/** The transport's own, and what the platform itself says in every call (contract of MCP's streamable HTTP). */
const RESERVED =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept(?:-.*)?|proxy-.*|mcp-.*|idempotency-key|traceparent|tracestate)$/;

/** As in the proto, for what a request does not show: the stored ones and the given ones together. */
const MOST = 20;

/** What is wrong with the headers of a skill. Never quotes a value: it is a secret, or next to one. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Problems {
  const seen = new Map<string, string>();
  return Object.entries(headers).flatMap(([name, value]): Problems => {
    const field = `skill.mcp_headers["${name}"]`;
    const lowerName = name.toLowerCase();
    const twin = seen.get(lowerName);
    seen.set(lowerName, name);
    if (twin !== undefined) return [{ field, description: `is the same header as "${twin}"` }];
    if (RESERVED.test(lowerName)) return [{ field, description: 'is set by the platform; leave it out' }];
    return checkPlaceholder(field, value);
  });
}

/** What an update makes of the headers of a skill, whose values are not at hand. */
export interface HeaderChange {
  readonly names: readonly string[];
  readonly given: Readonly<Record<string, string>>;
  /** The stored ones that stay. None: what is given is all. */
  readonly kept: readonly string[];
  readonly removed: readonly string[];
  readonly problems: Problems;
}

/** @param keys - the headers to write, where one that is not in `headers` is removed; undefined: all of them. */
export function changeHeaders(
  stored: readonly string[],
  headers: Readonly<Record<string, string>>,
  keys: readonly string[] | undefined,
): HeaderChange {
  const written = keys && new Set(keys.map((name) => name.toLowerCase()));
  const isWritten = (name: string) => !written || written.has(name.toLowerCase());
  const given = Object.fromEntries(Object.entries(headers).filter(([name]) => isWritten(name)));
  const kept = stored.filter((name) => !isWritten(name));
  const known = new Set([...stored, ...Object.keys(given)].map((name) => name.toLowerCase()));
  const names = [...kept, ...Object.keys(given)].sort();
  const problems = (keys ?? [])
    .filter((name) => !known.has(name.toLowerCase()))
    .map((name) => ({
      field: `skill.mcp_headers[${JSON.stringify(name.slice(0, 100))}]`,
      description: 'is to be removed, and the skill has no such header',
    }));
  if (names.length > MOST) problems.push({ field: 'skill.mcp_headers', description: `must be at most ${MOST}` });
  const givenNames = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const removed = stored.filter((name) => isWritten(name) && !givenNames.has(name.toLowerCase()));
  return { names, given, kept, removed, problems };
}
