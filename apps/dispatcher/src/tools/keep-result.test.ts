import { createHash } from 'node:crypto';
import type { ToolResult } from '@agent-platform/mcp-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepNames, keepResult } from './keep-result.ts';

const text = (value: string) => ({ type: 'text', text: value });
const image = (bytes: number) => ({ type: 'image', mimeType: 'image/png', data: 'x'.repeat(bytes) });
const kept = (result: Partial<ToolResult>, maxBytes: number) => {
  const { result: json, cut } = keepResult({ content: [], isError: false, ...result }, maxBytes);
  return { ...(JSON.parse(json) as ToolResult), cut };
};
const note = expect.objectContaining({ text: expect.stringMatching(/^\[Cut: /) as string }) as object;

describe('keepResult', () => {
  it('keeps a result of the greatest size as it is', () => {
    const result = { content: [text('é'.repeat(500))], structuredContent: { a: 1 }, isError: true };
    const json = JSON.stringify(result);
    expect(keepResult(result, Buffer.byteLength(json))).toEqual({ result: json, cut: null });
    expect(keepResult(result, Buffer.byteLength(json) - 1).cut).not.toBeNull();
  });

  it('says of a larger one how large it is, and its hash', () => {
    const result = { content: [text('x'.repeat(10_000))], isError: false };
    const json = JSON.stringify(result);
    const sha256 = createHash('sha256').update(json).digest('hex');
    expect(keepResult(result, 2_000).cut).toEqual({ sizeBytes: json.length, sha256 });
  });

  it('keeps what fits from the beginning, a text up to the character', () => {
    const { content } = kept({ content: [text('first'), text('x'.repeat(10_000)), text('last')] }, 2_000);
    expect(content).toEqual([text('first'), text(expect.stringMatching(/^x{1600,1750}$/) as string), note]);
  });

  it('keeps no part of an image, and nothing behind it', () => {
    const { content } = kept({ content: [image(100), image(10_000), text('last')] }, 2_000);
    expect(content).toEqual([image(100), note]);
  });

  it('keeps that it is an error', () => {
    expect(kept({ content: [text('x'.repeat(10_000))], isError: true }, 2_000).isError).toBe(true);
  });

  it('keeps structured content as text where there is nothing else', () => {
    const { content } = kept({ structuredContent: { a: 'x'.repeat(10_000) } }, 2_000);
    expect(content).toEqual([text(expect.stringMatching(/^\{"a":"x{1600,}$/) as string), note]);
  });

  it('keeps no more than it may, of anything', () => {
    const unit = fc.constantFrom('a', 'é', '\u2028', '\0', '"', '😀', '\ud800', '\n');
    const long = fc.tuple(fc.string({ unit, maxLength: 40 }), fc.nat(2_000)).map(([s, n]) => s.repeat(n));
    const part = fc.oneof(
      long.map(text),
      fc.nat(5_000).map(image),
      long.map((s) => ({ type: s })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.integer({ min: 1_024, max: 20_000 }), (content, maxBytes) => {
        const { result, cut } = keepResult({ content, isError: false }, maxBytes);
        expect(Buffer.byteLength(result)).toBeLessThanOrEqual(maxBytes);
        if (cut) expect((JSON.parse(result) as ToolResult).content.at(-1)).toEqual(note);
        expect(JSON.stringify(content).isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

it('keepNames keeps as many as there is room for', () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `${n}-${'x'.repeat(100)}`);
  const { result, cut } = keepNames(names, 10_000);
  expect(Buffer.byteLength(result)).toBeLessThanOrEqual(10_000);
  const some = JSON.parse(result) as string[];
  expect(some.length).toBeGreaterThan(80);
  expect(some).toEqual(names.slice(0, some.length));
  expect(cut).toMatchObject({ sizeBytes: JSON.stringify(names).length });
});
