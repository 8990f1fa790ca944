import { createHash } from 'node:crypto';
import type { ToolResult } from '@agent-platform/mcp-client';
import type { JsonObject, JsonValue } from '@agent-platform/json';
import { beginningOf } from './beginning-of.ts';
import type { ResultCut } from '../store/rows/run.ts';

export interface KeptResult {
  /** JSON. */
  readonly result: string;
  readonly cut: ResultCut | null;
}

/** For all that is not content, and for the note. */
const RESERVED_BYTES = 256;

/**
 * What the journal keeps of a tool's result: all of it, or its content as far as there is room, a text up to the
 * character, and a note. Structured content is said again in the content, and goes.
 */
export function keepResult(whole: ToolResult, maxBytes: number): KeptResult {
  return keep(whole, maxBytes, (sizeBytes) => {
    const note = { type: 'text', text: `[Cut: what is kept ends here. The whole result has ${sizeBytes} bytes.]` };
    const content = [...fitting(contentOf(whole), maxBytes - RESERVED_BYTES), note];
    return { content, isError: whole.isError };
  });
}

/** What the journal keeps of a list of tools: their names, as many as there is room for. */
export function keepNames(names: readonly string[], maxBytes: number): KeptResult {
  return keep(names, maxBytes, () => {
    let room = maxBytes - RESERVED_BYTES;
    const kept: string[] = [];
    for (const name of names) {
      room -= sizeOf(name);
      if (room < 0) break;
      kept.push(name);
    }
    return kept;
  });
}

function keep(whole: unknown, maxBytes: number, part: (sizeBytes: number) => unknown): KeptResult {
  const result = JSON.stringify(whole);
  const sizeBytes = Buffer.byteLength(result);
  if (sizeBytes <= maxBytes) return { result, cut: null };
  const sha256 = createHash('sha256').update(result).digest('hex');
  return { result: JSON.stringify(part(sizeBytes)), cut: { sizeBytes, sha256 } };
}

/** Some servers give structured content alone. */
function contentOf({ content, structuredContent }: ToolResult): readonly JsonObject[] {
  if (content.length > 0 || structuredContent === undefined) return content;
  return [{ type: 'text', text: JSON.stringify(structuredContent) }];
}

function* fitting(content: readonly JsonObject[], maxBytes: number): Generator<JsonObject> {
  let room = maxBytes;
  for (const part of content) {
    const bytes = sizeOf(part);
    if (bytes > room) {
      const text = typeof part.text === 'string' ? fittingText(part.text, room) : '';
      if (text !== '') yield { type: 'text', text };
      return;
    }
    yield part;
    room -= bytes;
  }
}

function fittingText(text: string, room: number): string {
  let fit = beginningOf(text, room);
  for (let bytes = sizeOf({ text: fit }); bytes > room; bytes = sizeOf({ text: fit })) {
    fit = beginningOf(fit, Math.floor((fit.length * room) / bytes));
    if (fit === '') break;
  }
  return fit;
}

/** With the comma behind it. */
const sizeOf = (part: JsonValue) => Buffer.byteLength(JSON.stringify(part)) + 1;
