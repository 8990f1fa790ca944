import { describe, expect, it } from 'vitest';
import type { Binding } from './binding.ts';
import { createMatcher } from './matcher.ts';
import { parsePattern } from './pattern.ts';

const binding = (route: string) => {
  const [httpMethod, path] = route.split(' ') as [string, string];
  return { httpMethod, path, pattern: parsePattern(path) } as Binding;
};

describe('createMatcher', () => {
  const match = createMatcher(
    [
      'GET /v1/a',
      'POST /v1/a',
      'GET /v1/a/{x}',
      'GET /v1/a/special',
      'POST /v1/a/{x}/b:turn',
      'POST /v1/a/{x}/b/{y.z}:undo',
      'GET /v1/{q}/deep/er',
    ].map(binding),
  );
  it.each([
    ['/v1/a', '/v1/a', [], ['GET', 'POST']],
    ['/v1/a/special', '/v1/a/special', [], ['GET']],
    ['/v1/a/specia%6c', '/v1/a/special', [], ['GET']],
    ['/v1/a/one', '/v1/a/{x}', ['one'], ['GET']],
    ['/v1/a/o%2Fn%20e', '/v1/a/{x}', ['o/n e'], ['GET']],
    ['/v1/a/with:colon', '/v1/a/{x}', ['with:colon'], ['GET']],
    ['/v1/a/1/b:turn', '/v1/a/{x}/b:turn', ['1'], ['POST']],
    ['/v1/a/1/b/2:undo', '/v1/a/{x}/b/{y.z}:undo', ['1', '2'], ['POST']],
    ['/v1/a/deep/er', '/v1/{q}/deep/er', ['a'], ['GET']],
  ])('finds %s at %s', (path, expected, values, methods) => {
    const found = match(path);
    expect([...found!.bindings.keys()]).toEqual(methods);
    expect(found!.bindings.get(methods[0]!)!.path).toBe(expected);
    expect(found!.values).toEqual(values);
  });

  it.each([
    '',
    '/',
    '/v1',
    '/v1/a/',
    '/v1/a/1/b',
    '/v1/a/1/b:other',
    '/v1/a/1/b/2',
    '/v1/a/%zz',
    'v1/a',
    '/v1//a',
    '/v1/__proto__',
  ])('finds nothing at %j', (path) => expect(match(path)).toBeUndefined());

  it('takes no two methods for one path', () => {
    expect(() => createMatcher([binding('GET /v1/{a}'), binding('GET /v1/{b}')])).toThrow('GET /v1/{b}');
  });
});

describe('parsePattern', () => {
  it.each(['/v1/{a=**}', '/v1/*', '/v1/{a}b', 'v1', '/v1//a', ''])('refuses %j', (path) => {
    expect(() => parsePattern(path)).toThrow('unsupported path');
  });
});
