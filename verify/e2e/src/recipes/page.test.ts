import { describe, expect, it } from 'vitest';
import { difference, recipesOf } from './page.ts';

const PAGE = `# Page

\`\`\`sh
A=1
\`\`\`

## Ask

\`\`\`sh wait
ask
\`\`\`

\`\`\`json
{ "a": "x…" }
\`\`\`
`;

describe('a page', () => {
  it('has its commands in order, each with what it must print', () => {
    expect(recipesOf(PAGE)).toEqual([
      { title: 'Page, line 3', script: 'A=1', waits: false },
      { title: 'Ask, line 9', script: 'ask', waits: true, expected: { kind: 'json', text: '{ "a": "x…" }' } },
    ]);
  });

  it('has no block that nobody runs', () => {
    expect(() => recipesOf('```bash\nrm -rf /\n```')).toThrow('Line 1');
  });
});

describe('what is printed', () => {
  it.each([
    ['{"a": "x…"}', '{"a":"xyz"}'],
    ['{"a": "…", "b": [1, {"c": null}]}', '{"b":[1,{"c":null}],"a":7}'],
  ])('is like %s', (text, printed) => expect(difference({ kind: 'json', text }, printed)).toBeUndefined());

  it.each([
    ['{"a": "x…"}', '{"a":"yx"}'],
    ['{"a": "…"}', '{}'],
    ['{"a": 1}', '{"a":1,"b":2}'],
    ['{"a": [1]}', '{"a":[1,2]}'],
    ['{"a": 1}', 'nothing'],
    ['null', ''],
  ])('is not like %s', (text, printed) => expect(difference({ kind: 'json', text }, printed)).toContain('expected'));

  it('is compared line for line where it is text', () => {
    expect(difference({ kind: 'text', text: 'a…\nb' }, 'abc\nb\n')).toBeUndefined();
    expect(difference({ kind: 'text', text: 'a…\nb' }, 'abc\nc\n')).toContain('expected');
  });
});
