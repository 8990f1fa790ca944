import { checkPlaceholder } from '../crud/placeholder.ts';
import type { Problems } from '../crud/problems.ts';

/** The transport's own, and what the platform itself says in every call (contract of MCP's streamable HTTP). */
const RESERVED =
  /^(?:host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept(?:-.*)?|proxy-.*|mcp-.*|idempotency-key|traceparent|tracestate)$/;

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

/** What is shown of the headers of a skill. */
export function headerNames(headers: Readonly<Record<string, string>>): string[] {
  return Object.keys(headers).sort();
}
