import type { ToolResult } from '@agent-platform/mcp-client';
import type { ToolResultPart } from 'ai';
import { beginningOf } from '../tools/beginning-of.ts';

export type Output = Extract<ToolResultPart['output'], { type: 'text' | 'error-text' }>;

/** UTF-16 code units: some 16,000 tokens of English. Every later turn of the run pays for them again. */
export const MAX_OUTPUT = 65_536;

/**
 * What a model gets of a tool's result: text as text, which models read best; everything else as the JSON the server
 * answered. Depends on nothing but the recorded result, so a run that is resumed tells the model the same.
 */
export function outputOf(result: ToolResult): Output {
  const { content } = result;
  const texts = content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : []));
  const value = texts.length === content.length && texts.length > 0 ? texts.join('\n') : JSON.stringify(result);
  return { type: result.isError ? 'error-text' : 'text', value: cut(value) };
}

function cut(text: string): string {
  if (text.length <= MAX_OUTPUT) return text;
  const kept = beginningOf(text, MAX_OUTPUT);
  return `${kept}\n[Cut: these are the first ${kept.length} characters. Ask the tool for less.]`;
}
