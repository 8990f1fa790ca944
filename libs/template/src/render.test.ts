import { AppError } from '@agent-platform/errors';
import type { JsonValue } from '@agent-platform/json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArguments, parseTemplate, renderArguments, renderTemplate, TooMuchWork } from './index.ts';

const EVENT: JsonValue = {
  event_type: 'invoice.uploaded',
  payload: {
    invoice_id: 'inv_1',
    amount: 12.5,
    paid: false,
    note: null,
    'line-items': [{ sku: 'a' }, { sku: 'b' }],
    empty: [],
    'customer name': '  Zoë ',
  },
};

function render(template: string, data: JsonValue = EVENT): string {
  return renderTemplate(parseTemplate(template), data).text;
}

describe('a rendered template', () => {
  it.each([
    ['Invoice {{ .payload.invoice_id }} ({{.event_type}})', 'Invoice inv_1 (invoice.uploaded)'],
    ['{{ .payload.amount }} {{ .payload.paid }} [{{ .payload.note }}]', '12.5 false []'],
    ['{{ index .payload "line-items" 1 "sku" }}', 'b'],
    ['{{ index .payload `line-items` }}', '[{"sku":"a"},{"sku":"b"}]'],
    ['{{ (index .payload "line-items" 0).sku }}', 'a'],
    ['{{ .payload.invoice_id | json }} {{ json .payload.empty }}', '"inv_1" []'],
    ['{{ .payload.nothing | default "x" }} {{ .payload.paid | default 3 }}', 'x 3'],
    ['{{ index .payload "customer name" | trim | upper | quote }}', '"ZOË"'],
    ['{{ lower "ABC}}" }}', 'abc}}'],
    ['a  {{- " b " -}}  c', 'a b c'],
    ['a {{/* {{ .x }} */}} b{{- /* c */ -}} d', 'a  bd'],
    ['{{ if .payload.paid }}paid{{ else if .payload.amount }}open{{ else }}free{{ end }}', 'open'],
    ['{{ if eq .event_type "a" "invoice.uploaded" }}yes{{ end }}{{ if ne 1 1 }}no{{ end }}', 'yes'],
    ['{{ if and .payload.amount (not .payload.paid) }}due{{ end }}', 'due'],
    ['{{ or .payload.note .payload.invoice_id }} {{ and .payload.note "x" }}.', 'inv_1 .'],
    [
      '{{ range index .payload "line-items" }}{{ .sku }}@{{ $.event_type }};{{ end }}',
      'a@invoice.uploaded;b@invoice.uploaded;',
    ],
    ['{{ range .payload.empty }}x{{ else }}none{{ end }}{{ range .payload.amount }}x{{ end }}', 'none'],
    ['{{ -1.5e1 }} {{ true }} {{ nil }}{{ "\\u0041\\n" }}', '-15 true A\n'],
    ['no placeholder, { one brace } }}', 'no placeholder, { one brace } }}'],
    ['{{ . | json }}', JSON.stringify(EVENT)],
  ])('%s', (template, text) => {
    expect(render(template)).toBe(text);
  });

  it('shows a missing field as nothing and names it once', () => {
    const template = parseTemplate(
      '[{{ .payload.a.b }}{{ .payload.a.b }}{{ index .payload "x" 0 | upper }}{{ .payload.paid }}]',
    );
    expect(renderTemplate(template, EVENT)).toEqual({
      text: '[false]',
      missing: ['.payload.a.b', 'index .payload "x" 0'],
    });
  });

  it('shows null as nothing, which is not missing', () => {
    expect(renderTemplate(parseTemplate('[{{ .payload.note }}]'), EVENT)).toEqual({ text: '[]', missing: [] });
  });

  it('does not name what a default, a condition or a comparison was asked about', () => {
    const template = parseTemplate('{{ .a | default "-" }}{{ if .b }}{{ end }}{{ if eq .c "x" }}{{ end }}');
    expect(renderTemplate(template, EVENT)).toEqual({ text: '-', missing: [] });
  });

  it.each([
    '.constructor',
    '.payload.__proto__',
    '.payload.toString',
    'index .payload "__proto__" "constructor"',
    '.event_type.length',
    '(index .payload "line-items").length',
    'index .event_type 0',
  ])('reaches own properties of objects only: %s', (path) => {
    const { text, missing } = renderTemplate(parseTemplate(`{{ ${path} }}`), EVENT);
    expect(text).toBe('');
    expect(missing).toHaveLength(1);
  });

  it('shows a field that the sender called __proto__', () => {
    expect(render('{{ .__proto__.a }}', JSON.parse('{"__proto__":{"a":1}}') as JsonValue)).toBe('1');
  });

  it('is never larger than 1 MiB', () => {
    const data = { text: 'x'.repeat(100_000), list: Array.from({ length: 11 }, () => 1) };
    expect(render('{{ range .list }}{{ end }}{{ .text }}', data)).toHaveLength(100_000);
    expect(() => render('{{ range .list }}{{ $.text }}{{ end }}', data)).toThrow(
      expect.objectContaining({ code: 'template_output_too_large' }),
    );
  });

  it.each([
    ['nested blocks', '{{ range $.list }}'.repeat(8) + '{{ end }}'.repeat(8)],
    ['conditions over large objects', '{{ range .list }}{{ range $.list }}{{ if $.wide }}{{ end }}{{ end }}{{ end }}'],
    ['long texts thrown away', '{{ range .list }}{{ if eq ($ | json) "" }}{{ end }}{{ end }}'],
  ])('gives up on too much work that shows nothing: %s', (_, template) => {
    const list = Array.from({ length: 3_000 }, (_, i) => i);
    const wide = Object.fromEntries(list.map((i) => [`k${i}`, i]));
    expect(() => render(template, { list, wide })).toThrow(expect.objectContaining({ kind: 'payload_too_large' }));
  });

  it('takes no more work than it is given, and says so by its type', () => {
    const list = Array.from({ length: 100 }, (_, i) => i);
    const text = '{{ range .list }}{{ . }}{{ end }}';
    const template = parseTemplate(text);
    const args = parseArguments({ a: text });
    expect(() => renderTemplate(template, { list }, 5_000)).toThrow(TooMuchWork);
    expect(() => renderArguments(args, { list }, 5_000)).toThrow(TooMuchWork);
    expect(renderTemplate(template, { list }, 10_000).text).toBe(list.join(''));
    expect(renderArguments(args, { list }, 10_000).value).toEqual({ a: list.join('') });
    const large = () => renderTemplate(template, { list: Array(11).fill('x'.repeat(100_000)) });
    expect(large).toThrow(expect.objectContaining({ code: 'template_output_too_large' }));
    expect(large).not.toThrow(TooMuchWork);
  });

  it('throws nothing but AppError, whatever the text and the data', () => {
    const word = fc.constantFrom(
      '{{',
      '}}',
      '{{-',
      '-}}',
      ' ',
      '.a',
      '.',
      '$',
      '(',
      ')',
      '|',
      '"',
      '`',
      '/*',
      '*/',
      'if',
      'else',
      'end',
      'range',
      'index',
      'json',
      'default',
      '0',
      '-1',
      '"k"',
      'é',
      '\n',
      '😀',
      '\\',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 40 }).map((words) => words.join(' ')),
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, fc.jsonValue(), (template, data) => {
        try {
          expect(typeof render(template, data as JsonValue)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('is its own text where there is nothing to fill in', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{'));
        expect(render(text)).toBe(text);
      }),
    );
  });

  it('carries any string unchanged', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(render('<{{ .text }}>', { text })).toBe(`<${text}>`);
      }),
    );
  });
});
