import { describe, expect, it } from 'vitest';
import { secretsOf } from './secrets.ts';

describe('the secrets of a call', () => {
  it.each([
    [{ authorization: 'Bearer sk-0123456789' }, ['Bearer sk-0123456789', 'sk-0123456789']],
    [{ authorization: 'Bearer   sk-0123456789' }, ['Bearer   sk-0123456789', 'sk-0123456789']],
    [{ 'x-api-key': 'k-012345' }, ['k-012345']],
    [{ cookie: 'session=abcdefgh; stage=test' }, ['session=abcdefgh; stage=test', 'abcdefgh']],
    [
      { authorization: `Basic ${btoa('user:pa55word')}` },
      [`Basic ${btoa('user:pa55word')}`, btoa('user:pa55word'), 'user:pa55word', 'pa55word'],
    ],
    [{ 'x-client-secret': 's-012345' }, ['s-012345']],
    [{ 'hub-signature': 'sha256=01234567' }, ['sha256=01234567', '01234567']],
    [{ 'x-tenant': 'production-eu' }, []],
    [{ 'x-stage': 'a-stage-with-a-name-longer-than-any-limit' }, []],
  ])('are what its headers say, whole and alone: %j', (headers, secrets) => {
    expect(secretsOf(headers)).toEqual(expect.arrayContaining(secrets));
    if (secrets.length === 0) expect(secretsOf(headers)).toEqual([]);
  });
});
