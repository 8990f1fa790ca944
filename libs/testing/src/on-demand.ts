import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';

/** Something a run of vitest has once, with what its workers need to know of it. */
export interface OnDemand extends AsyncDisposable {
  readonly answer: string;
}

/**
 * Starts something when the first worker connects to the socket at `path`, and answers every one of them. Disposing
 * ends it if it was started.
 */
export async function serveOnDemand(path: string, start: () => Promise<OnDemand>): Promise<AsyncDisposable> {
  let started: Promise<OnDemand> | undefined;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    started ??= start();
    started.then(
      ({ answer }) => socket.end(answer),
      (error: Error) => socket.end(`error: ${error.message}`),
    );
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await (await started?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

/** @throws Error with the message of what could not be started. */
export async function askOnDemand(path: string): Promise<string> {
  const answer = await text(connect(path));
  if (answer.startsWith('error: ')) throw new Error(answer.slice('error: '.length));
  return answer;
}
