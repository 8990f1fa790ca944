import { describe, expect, it } from 'vitest';
import { changeHeaders, checkHeaders } from './mcp-headers.ts';

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
    expect(changeHeaders([], { b: '1', a: '2' }, undefined).names).toEqual(['a', 'b']);
  });
});

describe('an update of headers', () => {
  const stored = ['Authorization', 'X-Team'];

  it.each([
    ['of all of them', { B: '1' }, undefined, { names: ['B'], given: { B: '1' }, kept: [], removed: stored }],
    ['of none', {}, [], { names: stored, given: {}, kept: stored, removed: [] }],
    ['of one', { 'X-Team': 'b' }, ['X-Team'], { names: stored, kept: ['Authorization'], removed: [] }],
    ['of one in another case', { 'x-team': 'b' }, ['X-TEAM'], { names: ['Authorization', 'x-team'], removed: [] }],
    ['of a new one', { A: '1' }, ['A'], { names: ['A', ...stored], kept: stored, removed: [] }],
    ['that removes one', {}, ['x-team'], { names: ['Authorization'], kept: ['Authorization'], removed: ['X-Team'] }],
    ['of one of those it gives', { A: '1', B: '2' }, ['b'], { given: { B: '2' }, kept: stored }],
    ['that gives every stored one', { authorization: '1', 'X-Team': '2' }, ['authorization', 'X-Team'], { kept: [] }],
  ])('%s', (_, headers, keys, expected) => {
    expect(changeHeaders(stored, headers, keys)).toMatchObject({ ...expected, problems: [] });
  });

  it('does not remove one that is not there: what was meant would stay', () => {
    expect(changeHeaders(stored, {}, ['X-Taem']).problems).toEqual([
      { field: 'skill.mcp_headers["X-Taem"]', description: 'is to be removed, and the skill has no such header' },
    ]);
  });

  it('never makes more than a request may have', () => {
    const many = Array.from({ length: 20 }, (_, i) => `X-${i}`);
    expect(changeHeaders(many, { 'X-0': '1' }, ['X-0']).problems).toEqual([]);
    expect(changeHeaders(many, { Y: '1' }, ['Y']).problems).toEqual([
      { field: 'skill.mcp_headers', description: 'must be at most 20' },
    ]);
  });
});
