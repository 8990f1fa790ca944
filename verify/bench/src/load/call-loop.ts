import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { childConfig, endWithParent, tell } from '../processes/child.ts';

/** Calls a tool over and over: the limit of HTTP for whoever calls tools from Node. */
export interface CallLoopConfig {
  readonly url: string;
  readonly concurrency: number;
  readonly seconds: number;
}

endWithParent();
const { url, concurrency, seconds } = childConfig<CallLoopConfig>();
const { origin, pathname: path } = new URL(url);
const pool = new Pool(origin, { connections: concurrency });
const params = { name: 'book', arguments: { n: 'none' } };
const startMs = performance.now();
let calls = 0;

async function callUntilTheEnd(): Promise<void> {
  while (performance.now() - startMs < seconds * 1_000) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++calls, method: 'tools/call', params });
    const headers = { 'content-type': 'application/json' };
    const answer = await pool.request({ path, method: 'POST', headers, body });
    const { result } = (await answer.body.json()) as { result?: object };
    if (answer.statusCode !== 200 || !result) throw new Error(`the MCP server answered ${answer.statusCode}`);
  }
}

await Promise.all(Array.from({ length: concurrency }, callUntilTheEnd));
tell(calls / ((performance.now() - startMs) / 1_000));
