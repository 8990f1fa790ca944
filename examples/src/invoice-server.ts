import type { AddressInfo } from 'node:net';
import express from 'express';

/** What the sample server tells whoever watches it. */
export type Observe = (request: { method: string; authorization: string; params: unknown }) => void;

const tools = [
  {
    name: 'process_invoice',
    description: 'Books an uploaded invoice and answers the booking number.',
    inputSchema: {
      type: 'object',
      properties: { invoice_id: { type: 'string' }, filename: { type: 'string' }, amount: { type: 'number' } },
      required: ['invoice_id'],
    },
    annotations: { idempotentHint: true },
  },
];

function call(name: string, input: { invoice_id: string; amount?: number }): object {
  if (name !== 'process_invoice') {
    return { isError: true, content: [{ type: 'text', text: `There is no tool ${name}.` }] };
  }
  const amount = input.amount === undefined ? '' : ` over ${input.amount.toFixed(2)} EUR`;
  return {
    content: [{ type: 'text', text: `Invoice ${input.invoice_id}${amount} is booked as BK-${input.invoice_id}.` }],
  };
}

/**
 * An MCP server as an application team would write it: one endpoint, two methods, and the token check of the
 * documentation, word for word.
 */
export async function startInvoiceServer(token: string, observe: Observe) {
  const app = express();
  app.use(express.json());
  app.use('/mcp', (req, res, next) => {
    const presented = req.headers.authorization?.replace('Bearer ', '');
    if (presented !== token) {
      res.status(401).json({ jsonrpc: '2.0', error: { code: -32000, message: 'Unauthorized' } });
      return;
    }
    next();
  });
  app.post('/mcp', (req, res) => {
    const { id, method, params } = req.body as { id: number; method: string; params?: Record<string, unknown> };
    observe({ method, authorization: req.headers.authorization ?? '', params });
    if (method === 'tools/list') res.json({ jsonrpc: '2.0', id, result: { tools } });
    else if (method === 'tools/call') {
      const { name, arguments: input } = params as { name: string; arguments: { invoice_id: string; amount?: number } };
      res.json({ jsonrpc: '2.0', id, result: call(name, input) });
    } else res.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
