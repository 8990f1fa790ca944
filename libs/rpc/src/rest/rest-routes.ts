import { ConnectError, createRouterTransport, type Interceptor } from '@connectrpc/connect';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import { admit } from '../interceptors/authentication.ts';
import { everyMethod, type Routes } from '../methods.ts';
import { sendOtherMethod, sendProblem } from '../problem.ts';
import { bindingsOf, type Binding } from './binding.ts';
import { callMethod } from './call-method.ts';
import { createMatcher } from './matcher.ts';
import { readBody } from './read-body.ts';
import { readRequest } from './read-request.ts';
import { withoutPrefix } from './rest-error.ts';

/**
 * The methods that have a google.api.http option, as plain JSON over HTTP (https://google.aip.dev/127). They are called
 * in memory, through the same interceptors as over any other protocol, so what those do happens once.
 *
 * @returns the path below which all of them are, such as `/api/v1`; undefined when there are none.
 */
export function addRestRoutes(
  app: FastifyInstance,
  o: { routes: Routes; interceptors: Interceptor[]; authenticate: Authenticate },
): string | undefined {
  const bindings = bindingsOf(everyMethod(o.routes));
  const match = createMatcher(bindings);
  const transport = createRouterTransport(o.routes, { router: { interceptors: o.interceptors } });

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const [path = '', query = ''] = request.raw.url?.split(/\?(.*)/s) ?? [];
    const found = match(path);
    if (!found) return reply.callNotFound();
    const binding = found.bindings.get(request.method === 'HEAD' ? 'GET' : request.method);
    // An unknown custom verb is a path that is not there, though without the verb it would be one.
    if (!binding && /:[^/]*$/.test(path) && !found.verb) return reply.callNotFound();
    if (!binding) return sendOtherMethod(reply, request.method, [...found.bindings.keys()]);
    try {
      const message = await read(binding, found.values, query, request);
      return await callMethod(transport, binding, message, request, reply);
    } catch (error) {
      const described = withoutPrefix(binding, error);
      // What the method threw has been logged where it was thrown.
      if (error instanceof ConnectError && described instanceof AppError) return sendProblem(reply, described);
      throw described;
    }
  }

  async function read(binding: Binding, values: readonly string[], query: string, request: FastifyRequest) {
    try {
      return readRequest(binding, values, new URLSearchParams(query), readBody(binding, request));
    } catch (error) {
      // Who may not call the method is told that, and not how to call it.
      await admit(o.authenticate, binding.rpc, request.headers.authorization ?? null);
      throw error;
    }
  }

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    for (const root of new Set(bindings.map(({ pattern }) => pattern.segments[0]))) scope.all(`/${root}/*`, handle);
  });
  return commonPath(bindings);
}

function commonPath(bindings: readonly Binding[]): string | undefined {
  const [first, ...others] = bindings.map(({ pattern }) => pattern.segments);
  const length = first?.findIndex((text, index) => text === undefined || others.some((path) => path[index] !== text));
  return first && `/${first.slice(0, length === -1 ? first.length : length).join('/')}`;
}
