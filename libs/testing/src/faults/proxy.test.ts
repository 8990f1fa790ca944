import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createFaultProxy, type FaultProxy, type FaultProxyOptions } from './proxy.ts';

let resources: AsyncDisposableStack;
/** What the server got. */
let got: string;
let serverSide: Socket | undefined;

beforeEach(() => {
  resources = new AsyncDisposableStack();
  got = '';
});
afterEach(() => resources.disposeAsync());

/** A server that answers in capitals, and a client that talks to it through a proxy. */
async function connectThrough(options: FaultProxyOptions = {}) {
  const server = createServer((socket) => {
    serverSide = socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      got += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  resources.defer(() => {
    serverSide?.destroy();
    server.close();
  });
  const proxy = resources.use(
    await createFaultProxy({ ...options, targetPort: (server.address() as AddressInfo).port }),
  );
  return { proxy, ...(await client(proxy)) };
}

async function client(proxy: FaultProxy) {
  const socket = connect(proxy.port, '127.0.0.1');
  const state = { answers: '', error: undefined as NodeJS.ErrnoException | undefined };
  socket.on('data', (chunk) => (state.answers += chunk.toString()));
  socket.on('error', (error) => (state.error = error));
  resources.defer(() => void socket.destroy());
  // Refused ones may hear of it before they are connected.
  await once(socket, 'connect').catch(() => undefined);
  return { socket, state };
}

it('passes bytes on in both directions, and the end', async () => {
  const { socket, state } = await connectThrough();
  socket.end('hello');
  await once(socket, 'close');
  expect(state).toEqual({ answers: 'HELLO', error: undefined });
});

it('cuts after exactly so many bytes, with a reset', async () => {
  const { socket, state } = await connectThrough({ onConnection: (one) => one.cutAfter('toServer', 3) });
  socket.write('hello');
  await vi.waitFor(() => expect(state.error?.code).toBe('ECONNRESET'));
  expect(got).toBe('hel');
});

it('lets the server get everything and the client nothing of the answer', async () => {
  const { socket, state } = await connectThrough({ onConnection: (one) => one.cutAfter('toClient', 0) });
  socket.write('hello');
  await vi.waitFor(() => expect(state.error?.code).toBe('ECONNRESET'));
  expect({ got, answers: state.answers }).toEqual({ got: 'hello', answers: '' });
});

it('swallows one direction and keeps the other', async () => {
  const { proxy, socket, state } = await connectThrough();
  socket.write('a');
  await vi.waitFor(() => expect(state.answers).toBe('A'));
  for (const one of proxy.connections) one.blackHole('toClient');
  socket.write('b');
  await vi.waitFor(() => expect(got).toBe('ab'));
  expect(state).toEqual({ answers: 'A', error: undefined });
});

it('delays chunks without changing their order', async () => {
  const arrived = Promise.withResolvers<void>();
  const { proxy, socket, state } = await connectThrough({ onData: () => arrived.resolve() });
  const [connection] = proxy.connections;
  connection!.delay('toServer', 200);
  socket.write('a');
  await arrived.promise;
  expect(got).toBe('');
  connection!.delay('toServer', 0);
  socket.write('b');
  await vi.waitFor(() => expect(state.answers).toBe('AB'));
});

it('refuses while told to, and resets on demand', async () => {
  const { proxy, state } = await connectThrough();
  proxy.refuse(true);
  const refused = await client(proxy);
  await vi.waitFor(() => expect(refused.state.error?.code).toBe('ECONNRESET'));
  expect(state.error).toBeUndefined();
  for (const one of proxy.connections) one.reset();
  await vi.waitFor(() => expect(state.error?.code).toBe('ECONNRESET'));
  await vi.waitFor(() => expect(proxy.connections.size).toBe(0));
});
