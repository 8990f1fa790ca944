import { describe, expect, it } from 'vitest';
import { bearerChallenge } from './challenge.ts';

const URL = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';

describe('a challenge', () => {
  it.each([
    [`Bearer resource_metadata="${URL}", scope="b a", error="invalid_token"`, URL, ['a', 'b'], 'invalid_token'],
    [`bearer RESOURCE_METADATA="${URL}"`, URL, [], undefined],
    [`Basic realm="x, Bearer resource_metadata=\\"no\\"", Bearer resource_metadata="${URL}"`, URL, [], undefined],
    [`Negotiate a1b2==, Bearer scope=a`, undefined, ['a'], undefined],
    [`Bearer error="insufficient_scope",scope="a  a \\"b"`, undefined, ['a'], 'insufficient_scope'],
    [`Bearer scope="a", scope="b"`, undefined, ['a'], undefined],
    [`Bearer, Basic scope="no"`, undefined, [], undefined],
    [`DPoP algs="ES256", Bearer scope="a", Bearer scope="b"`, undefined, ['a'], undefined],
    [`Bearer scope="never ends`, undefined, [], undefined],
    [`Bearer`, undefined, [], undefined],
    [`"Bearer" scope=a`, undefined, [], undefined],
    [``, undefined, [], undefined],
  ])('is read: %s', (header, resourceMetadata, scopes, error) => {
    expect(bearerChallenge({ 'www-authenticate': header })).toEqual({ resourceMetadata, scopes, error });
  });

  it('may be spread over several headers, and be missing', () => {
    const headers = { 'www-authenticate': ['Basic realm="x"', 'Bearer scope="a"'] as unknown as string };
    expect(bearerChallenge(headers).scopes).toEqual(['a']);
    expect(bearerChallenge({})).toEqual({ resourceMetadata: undefined, scopes: [], error: undefined });
  });

  it('asks for no more scopes than fit', () => {
    const scope = Array.from({ length: 10_000 }, (_, i) => `scope-${i}`).join(' ');
    expect(bearerChallenge({ 'www-authenticate': `Bearer scope="${scope} ${'x'.repeat(201)}"` }).scopes).toHaveLength(
      50,
    );
  });

  it.each([
    '"'.repeat(64_000),
    'a='.repeat(32_000),
    'a '.repeat(32_000),
    `Bearer a="${'\\'.repeat(64_000)}`,
    ','.repeat(64_000),
  ])('that goes on and on is read once (%#)', (header) => {
    expect(bearerChallenge({ 'www-authenticate': header }).resourceMetadata).toBeUndefined();
  });
});
