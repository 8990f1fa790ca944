import { parseExact } from '@agent-platform/json';
import type { ToolResult } from '@agent-platform/mcp-client';
import { describe, expect, it } from 'vitest';
import { MAX_OUTPUT, outputOf } from './model-output.ts';

const ofText = (text: string): ToolResult => ({ content: [{ type: 'text', text }], isError: false });

describe('outputOf', () => {
  it('gives a result of the greatest size whole', () => {
    const text = 'x'.repeat(MAX_OUTPUT);
    expect(outputOf(ofText(text))).toEqual({ type: 'text', value: text });
  });

  it('cuts a longer one and says so', () => {
    const { value } = outputOf(ofText('x'.repeat(1_000_000)));
    const mark = `\n[Cut: these are the first ${MAX_OUTPUT} characters. Ask the tool for less.]`;
    expect(value).toBe('x'.repeat(MAX_OUTPUT) + mark);
  });

  it('cuts JSON and errors too', () => {
    const result = { content: [], structuredContent: { a: 'x'.repeat(MAX_OUTPUT) }, isError: true };
    const { type, value } = outputOf(result);
    expect(type).toBe('error-text');
    expect(value).toMatch(/x\n\[Cut: /);
  });

  it('never cuts a character in two', () => {
    const { value } = outputOf(ofText(`${'x'.repeat(MAX_OUTPUT - 1)}😀😀`));
    expect(value.isWellFormed()).toBe(true);
    expect(value).toContain(`[Cut: these are the first ${MAX_OUTPUT - 1} characters.`);
  });

  it('gives numbers as the server wrote them', () => {
    const json = '{"content":[],"structuredContent":{"id":12345678901234567890,"price":1.10,"huge":1e400}}';
    expect(outputOf(parseExact(json) as unknown as ToolResult).value).toBe(json);
  });
});
