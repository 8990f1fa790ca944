import { describe, expect, it } from 'vitest';
import { parseTemplate } from './index.ts';

describe('a template that does not parse says where and what was expected', () => {
  it.each([
    ['Hi {{ .name', 'line 1, column 4: this "{{" is not closed, expected "}}"'],
    ['a\nb {{ .x ) }}', 'line 2, column 9: expected "}}" but found ")"'],
    ['{{ .x .y }}', 'line 1, column 7: expected "|" or "}}" but found ".y"'],
    ['{{ }}', 'line 1, column 4: expected a field such as ".payload", a string, a number or a function but found "}}"'],
    ['{{ payload.id }}', 'line 1, column 4: there is no function "payload"'],
    ['{{ constructor }}', 'line 1, column 4: there is no function "constructor"'],
    ['{{ .payload.line-items }}', 'line 1, column 17: unexpected "-"; a name that is not one word'],
    ['{{ .x | 3 }}', 'line 1, column 9: expected the name of a function but found "3"'],
    ['{{ .x | upper "y" }}', 'line 1, column 9: "upper" takes 1 argument(s), 2 given'],
    ['{{ index .x }}', 'line 1, column 4: "index" takes at least 2 argument(s), 1 given'],
    ['{{ json upper .x }}', 'line 1, column 9: put "upper" and its arguments in ( )'],
    ['{{ index .x 0"k" }}', 'line 1, column 14: expected a space but found "\\"k\\""'],
    ['{{ (.x }}', 'line 1, column 8: expected ")" but found "}}"'],
    ["{{ 'x' }}", 'line 1, column 4: strings are written with double quotes'],
    ['{{ "x }}', 'line 1, column 4: this string is not closed'],
    ['{{ "\\q" }}', 'line 1, column 4: this string has an escape'],
    ['{{/* x }}', 'line 1, column 3: this comment is not closed, expected "*/"'],
    ['{{/* x */ .y }}', 'line 1, column 11: expected "}}" right after a comment'],
    ['{{ if .x }}y', 'line 1, column 4: this "if" is not closed, expected "{{ end }}"'],
    ['{{ if .x }}{{ else }}{{ else }}{{ end }}', 'line 1, column 25: expected "{{ end }}" but found "else"'],
    ['{{ if }}{{ end }}', 'line 1, column 7: expected a field such as'],
    ['{{ range .x }}{{ else if .y }}{{ end }}', 'line 1, column 23: expected "}}" but found "if"'],
    ['x{{ end }}', 'line 1, column 5: "end" without an open "if" or "range"'],
    ['{{ end .x }}', 'line 1, column 4: "end" without an open "if" or "range"'],
    ['{{ $x := 1 }}', 'line 1, column 7: unexpected ":"'],
    ['{{ if .x }}'.repeat(33), 'column 356: nested deeper than 32'],
    [`{{ ${'('.repeat(33)}`.padEnd(60, ' ') + '}}', 'column 36: nested deeper than 32'],
    ['x'.repeat(100_001), 'A template may have 100000 characters, this one has 100001.'],
  ])('%.45s', (text, problem) => {
    expect(() => parseTemplate(text)).toThrow(
      expect.objectContaining({
        kind: 'invalid_argument',
        code: 'template_invalid',
        message: expect.stringContaining(problem) as string,
      }),
    );
  });

  it('takes any number of else-ifs for one level', () => {
    expect(() => parseTemplate(`{{ if .a }}${'{{ else if .b }}x'.repeat(5_000)}{{ end }}`)).not.toThrow();
  });
});
