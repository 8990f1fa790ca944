import type { AddressInfo } from 'node:net';
import express from 'express';

interface Received {
  method: string;
  authorization: string | undefined;
  traceparent: string | undefined;
}

/**
 * The server the documentation has in mind: its own validation code, `tools/list` and `tools/call`, nothing else.
 * It notes what got past the check.
 */
export async function startSeedServer(configuredToken: string) {
  const requests: Received[] = [];
  const booked: string[] = [];
  let refused = 0;
  const app = express();
  app.use(express.json());
  app.use('/mcp', (req, res, next) => {
    const token = req.headers.authorization?.replace('Bearer ', '');
    if (token !== configuredToken) {
      refused++;
      return res.status(401).json({ jsonrpc: '2.0', error: { code: -32000, message: 'Unauthorized' } });
    }
    next();
  });
  app.post('/mcp', (req, res) => {
    const { id, method, params } = req.body as { id: number; method: string; params: { arguments: object } };
    const { authorization, traceparent } = req.headers as Record<string, string | undefined>;
    requests.push({ method, authorization, traceparent });
    if (method === 'tools/list')
      res.json({ jsonrpc: '2.0', id, result: { tools: [{ name: 'book', inputSchema: { type: 'object' } }] } });
    else if (method === 'tools/call') {
      const text = JSON.stringify(params.arguments);
      booked.push(text);
      res.json({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } });
    } else res.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests,
    /** The arguments of every call, as JSON. */
    booked,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
