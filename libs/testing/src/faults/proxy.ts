import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Direction = 'toServer' | 'toClient';

/** One client's connection through the proxy. Faults hold from the next chunk on. */
export interface ProxyConnection {
  /** 0 for the first one. */
  readonly id: number;
  /** Passes every chunk on this much later, in order. Milliseconds; 0 ends it. */
  delay(direction: Direction, ms: number): void;
  /** Passes this many more bytes on, then resets both sides. 0 drops the next chunk whole. */
  cutAfter(direction: Direction, bytes: number): void;
  /** Swallows what is sent: both sides stay connected and hear nothing. Final. */
  blackHole(direction: Direction): void;
  /** Ends both sides at once with RST. */
  reset(): void;
}

export interface FaultProxy extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly connections: ReadonlySet<ProxyConnection>;
  /** Where later connections go; a port of 127.0.0.1. */
  setTarget(port: number): void;
  /** While true, new connections are reset at once. */
  refuse(refusing: boolean): void;
}

/**
 * A TCP proxy that breaks connections on demand. It decides nothing by itself: the caller's hooks do, from a seed if a
 * run has to be repeatable.
 */
export interface FaultProxyOptions {
  readonly targetPort?: number;
  readonly onConnection?: (connection: ProxyConnection) => void;
  /** Sees each chunk before it is passed on; a fault set here applies to this very chunk. */
  readonly onData?: (connection: ProxyConnection, direction: Direction, chunk: Buffer) => void;
}

/** Listens on a free port at once; see {@link FaultProxyOptions}. */
export async function createFaultProxy(options: FaultProxyOptions = {}): Promise<FaultProxy> {
  const connections = new Set<ProxyConnection>();
  let { targetPort } = options;
  let refusing = false;
  let nextId = 0;

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    client.on('error', () => undefined);
    if (refusing || targetPort === undefined) return void client.resetAndDestroy();
    const upstream = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pipes = { toServer: new Pipe(client, upstream), toClient: new Pipe(upstream, client) };
    const reset = () => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    const connection: ProxyConnection = {
      id: nextId++,
      delay: (direction, ms) => void (pipes[direction].delayMs = ms),
      cutAfter: (direction, bytes) => void (pipes[direction].bytesLeft = bytes),
      blackHole: (direction) => void (pipes[direction].swallowing = true),
      reset,
    };
    connections.add(connection);
    for (const [direction, pipe] of Object.entries(pipes) as [Direction, Pipe][]) {
      pipe.run(reset, (chunk) => options.onData?.(connection, direction, chunk));
    }
    const forget = () => client.closed && upstream.closed && connections.delete(connection);
    for (const socket of [client, upstream]) socket.on('close', forget);
    options.onConnection?.(connection);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    setTarget: (port) => void (targetPort = port),
    refuse: (value) => void (refusing = value),
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.reset();
      await once(server.close(), 'close');
    },
  };
}

/** One direction of a connection. */
class Pipe {
  delayMs = 0;
  bytesLeft = Infinity;
  swallowing = false;
  readonly #from: Socket;
  readonly #to: Socket;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
  }

  run(reset: () => void, inspect: (chunk: Buffer) => void): void {
    let last = Promise.resolve();
    const later = (work: () => void) => {
      const due = performance.now() + this.delayMs;
      last = last.then(async () => {
        if (performance.now() < due) await sleep(due - performance.now());
        work();
      });
    };
    this.#from.on('data', (chunk: Buffer) => {
      inspect(chunk);
      if (this.swallowing) return;
      const passed = chunk.subarray(0, this.bytesLeft);
      this.bytesLeft -= passed.length;
      const cut = passed.length < chunk.length || this.bytesLeft === 0;
      later(() => {
        if (passed.length > 0 && !this.#to.write(passed, cut ? reset : undefined)) {
          this.#from.pause();
          this.#to.once('drain', () => this.#from.resume());
        }
        if (cut && passed.length === 0) reset();
      });
    });
    this.#from.on('end', () => later(() => !this.swallowing && this.#to.end()));
    this.#from.on('error', reset);
  }
}
