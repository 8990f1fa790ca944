import { isJsonObject, withDoubles, type JsonObject, type JsonValue } from '@agent-platform/json';

/** A tool as its server describes it. None of it is trusted, hints included. */
export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** JSON Schema of the arguments; `{"type":"object"}` where the server gave none. */
  readonly inputSchema: JsonObject;
  readonly annotations: ToolAnnotations;
}

/** @see https://modelcontextprotocol.io/specification/2026-07-28/schema#toolannotations */
export interface ToolAnnotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** What a tool answered. `isError` is the tool's own verdict and is for the agent to deal with. */
export interface ToolResult {
  /** Text, images, links and so on, each with its `type`. */
  readonly content: readonly JsonObject[];
  readonly structuredContent?: JsonValue;
  readonly isError: boolean;
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

/** @returns `undefined` for what is no tool. */
export function readTool(json: JsonValue): Tool | undefined {
  if (!isJsonObject(json) || typeof json.name !== 'string' || json.name === '') return undefined;
  const { name, title, description, inputSchema } = json;
  const annotations = isJsonObject(json.annotations) ? json.annotations : {};
  return {
    name,
    ...(typeof title === 'string' && { title }),
    ...(typeof description === 'string' && { description }),
    inputSchema: isJsonObject(inputSchema) ? (withDoubles(inputSchema) as JsonObject) : { type: 'object' },
    annotations: Object.fromEntries(
      HINTS.flatMap((hint) => (typeof annotations[hint] === 'boolean' ? [[hint, annotations[hint]]] : [])),
    ),
  };
}

/**
 * Reads the result of a call. A result without `content`, as simple servers give, is taken for structured content.
 *
 * @returns `undefined` for what is no result.
 */
export function readToolResult(json: JsonValue): ToolResult | undefined {
  if (!isJsonObject(json) || !Object.hasOwn(json, 'content')) {
    const text = typeof json === 'string' ? json : JSON.stringify(json);
    return { content: [{ type: 'text', text }], structuredContent: json, isError: false };
  }
  const { content, structuredContent } = json;
  if (!Array.isArray(content) || !content.every(isContent)) return undefined;
  return { content, ...(structuredContent !== undefined && { structuredContent }), isError: json.isError === true };
}

function isContent(item: JsonValue): item is JsonObject {
  return isJsonObject(item) && typeof item.type === 'string';
}
