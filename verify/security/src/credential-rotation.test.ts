import { expect, it } from 'vitest';
import { figuresOf } from './credential-rotation.ts';

it('reads the figures of the program, also those with a long or an indented label', () => {
  const output = [
    `${'reads meanwhile'.padEnd(22)} 3000 at 100.0/s, 1 failed; p50, p99, max: 2.0 ms, 9.0 ms, 12.0 ms`,
    `${'a label of 22 letters.'.padEnd(22)} 12 of 12`,
    `${'  failed'.padEnd(22)} another value`,
    '',
  ].join('\n');
  expect(figuresOf(output)).toEqual([
    { what: 'reads meanwhile', measured: '3000 at 100.0/s, 1 failed; p50, p99, max: 2.0 ms, 9.0 ms, 12.0 ms' },
    { what: 'a label of 22 letters.', measured: '12 of 12' },
    { what: 'failed', measured: 'another value' },
  ]);
});
