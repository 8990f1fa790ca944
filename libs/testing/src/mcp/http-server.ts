import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@agent-platform/json';

/** A request as it arrived, secrets and all: for assertions, not for logs. */
export interface RecordedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON of the body; `undefined` where there was none. */
  readonly body: JsonObject | undefined;
}

export interface HttpServer extends AsyncDisposable {
  /** Without a final slash. */
  readonly url: string;
}

/** Serves on a free port of the loopback; disposing it cuts every connection. */
export async function startHttpServer(listener: RequestListener): Promise<HttpServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
