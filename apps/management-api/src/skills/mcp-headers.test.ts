import { describe, expect, it } from 'vitest';
import { checkHeaders, headerNames } from './mcp-headers.ts';

describe('the headers of a skill', () => {
  it('may be credentials of any kind', () => {
    expect(checkHeaders({ Authorization: 'Bearer sk-$1{x}', 'X-Api-Key': 'k', Cookie: 'a=b' })).toEqual([]);
  });

  it.each([
    'Host',
    'content-length',
    'Content-Type',
    'ACCEPT',
    'Mcp-Session-Id',
    'Transfer-Encoding',
    'Idempotency-Key',
  ])('must leave %s to the platform', (name) => {
    expect(checkHeaders({ [name]: 'x' })).toEqual([
      { field: `skill.mcp_headers["${name}"]`, description: 'is set by the platform; leave it out' },
    ]);
  });

  it('are the same whatever their case', () => {
    expect(checkHeaders({ Authorization: 'a', authorization: 'b' })).toEqual([
      { field: 'skill.mcp_headers["authorization"]', description: 'is the same header as "Authorization"' },
    ]);
  });

  it('must be expanded already, and the answer quotes the variable only', () => {
    const [problem] = checkHeaders({ Authorization: 'Bearer sk-secret ${MCP_TOKEN}' });
    expect(problem!.description).toContain('${MCP_TOKEN}');
    expect(problem!.description).not.toContain('sk-secret');
  });

  it('are shown by name, in order', () => {
    expect(headerNames({ b: '1', a: '2' })).toEqual(['a', 'b']);
  });
});
