import { describe, expect, it } from 'vitest';
import { checkUrl, createAddressRules, LOOPBACK_ADDRESSES, type AddressRules } from './index.ts';

describe('a URL at the time it is saved', () => {
  const rules = createAddressRules([]);
  const check = (url: string, allowed: AddressRules, needsTls = false) =>
    checkUrl(url, { rules: allowed, name: 'the MCP server', needsTls });

  it.each([
    ['ftp://example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['example.com/mcp', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['', 'is not a URL'],
    [`https://example.com/${'x'.repeat(2_048)}`, 'is not a URL of at most 2048'],
    ['https://user:pass@example.com/', 'must not contain a user name or password'],
    ['https://user@example.com/', 'must not contain a user name or password'],
    ['http://127.1/', 'leads to a private, local or reserved address'],
    ['http://a.localhost/', 'leads to a private, local or reserved address'],
    ['http://localhost:3000/mcp', 'leads to a private, local or reserved address'],
  ])('is refused with what is wrong: %.40s', (url, problem) => {
    expect(() => check(url, rules)).toThrow(
      expect.objectContaining({
        kind: 'invalid_argument',
        code: 'url_refused',
        message: expect.stringContaining(problem) as string,
      }),
    );
  });

  it.each([
    'https://example.com/mcp?tenant=1',
    'http://1.1.1.1/',
    'https://[2606:4700:4700::1111]:8443/mcp',
    'http://10.example/',
  ])('is taken when it may be public: %s', (url) => {
    expect(check(url, rules).href).toBe(url);
  });

  it('may lead to the machine itself where the operator allows it', () => {
    const local = createAddressRules(LOOPBACK_ADDRESSES);
    expect(check('http://localhost:3000/mcp#x', local).href).toBe('http://localhost:3000/mcp');
    expect(check('http://[::1]:3000/', local).port).toBe('3000');
    expect(() => check('http://10.0.0.1/', local)).toThrow();
  });

  it.each(['10.0.0.0/33', 'localhost', '', '10.0.0.0/8/8'])('is not judged by rules that are none: %s', (range) => {
    expect(() => createAddressRules([range])).toThrow(expect.objectContaining({ code: 'address_range_invalid' }));
  });

  it('that a secret is sent to is one with TLS, but for the machine itself', () => {
    const local = createAddressRules([...LOOPBACK_ADDRESSES, '10.0.0.0/8']);
    for (const url of ['http://example.com/', 'http://10.0.0.1/', 'http://1.1.1.1/']) {
      expect(() => check(url, local, true)).toThrow('must begin with https://, because a secret is sent there');
    }
    for (const url of ['https://example.com/', 'https://10.0.0.1/', 'http://127.0.0.1:1/', 'http://[::1]/']) {
      expect(check(url, local, true).href).toBe(url);
    }
    expect(() => check('http://127.0.0.1/', rules, true)).toThrow('private');
  });
});
