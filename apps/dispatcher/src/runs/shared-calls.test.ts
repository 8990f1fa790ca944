import type { Tool } from '@agent-platform/mcp-client';
import { describe, expect, it } from 'vitest';
import type { Mcp } from './execution.ts';
import { shareLists } from './shared-calls.ts';

/** A server whose lists come when the test says so. */
function setUp() {
  const asked: PromiseWithResolvers<readonly Tool[]>[] = [];
  const mcp = shareLists({
    listTools() {
      const list = Promise.withResolvers<readonly Tool[]>();
      asked.push(list);
      return list.promise;
    },
    callTool: () => Promise.reject(new Error('not called here')),
  } satisfies Mcp);
  return { mcp, asked };
}

const server = (token: string) => ({ url: 'https://mcp.example.com', headers: { authorization: token } });

describe('lists of tools', () => {
  it('are shared by those who ask at the same time, and asked for anew after', async () => {
    const { mcp, asked } = setUp();
    const both = [mcp.listTools(server('a')), mcp.listTools(server('a'))];
    asked[0]!.resolve([]);
    await Promise.all(both);
    expect(asked).toHaveLength(1);
    void mcp.listTools(server('a'));
    expect(asked).toHaveLength(2);
  });

  it('are never shared between credentials', () => {
    const { mcp, asked } = setUp();
    for (const token of ['a', 'b']) void mcp.listTools(server(token));
    expect(asked).toHaveLength(2);
  });

  it('stay with those who wait when one of them is stopped', async () => {
    const { mcp, asked } = setUp();
    const stopped = new AbortController();
    const first = mcp.listTools(server('a'), { signal: stopped.signal });
    const second = mcp.listTools(server('a'));
    stopped.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    asked[0]!.resolve([]);
    expect(await second).toEqual([]);
  });
});
