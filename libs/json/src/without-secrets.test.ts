import { expect, it } from 'vitest';
import { withoutSecrets } from './without-secrets.ts';

it('secrets are taken out of texts and keys, however deep and however JSON spells them', () => {
  const secret = 'sk-"quoted"\\and/more';
  const value = { a: [`x ${secret} y ${secret}`, 1, null, { [secret]: true }], b: 'nothing' };
  expect(withoutSecrets(value, [secret])).toEqual({
    a: ['x [redacted] y [redacted]', 1, null, { '[redacted]': true }],
    b: 'nothing',
  });
  expect(withoutSecrets(undefined, [secret])).toBeUndefined();
});
