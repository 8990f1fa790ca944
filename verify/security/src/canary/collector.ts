import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { startHttpServer, type HttpServer } from '@agent-platform/testing';

export interface Collector extends HttpServer {
  /** What was exported, as it arrived. */
  readonly bodies: readonly Buffer[];
}

/** Takes traces as an OpenTelemetry collector does (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
export async function startCollector(): Promise<Collector> {
  const bodies: Buffer[] = [];
  const server = await startHttpServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  return { ...server, bodies };
}
