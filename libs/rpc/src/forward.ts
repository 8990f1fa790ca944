import type { DescMessage, DescService, Message } from '@bufbuild/protobuf';
import {
  createClient,
  type CallOptions,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from '@connectrpc/connect';
import type { UserPrincipal } from '@agent-platform/auth';
import { callContext, requestIdKey, traceparentKey, userOf } from './call-context.ts';
import type { Routes } from './methods.ts';

type Call = (request: Message, options: CallOptions) => unknown;

/** Makes of a request, which has a type, what is passed on. */
export type Prepare = (type: DescMessage, request: Message, user: UserPrincipal) => Promise<Message>;

/**
 * Offers a service that another one implements: every method calls the same method over `transport`, on behalf of the
 * user who called, within the caller's deadline. Errors pass through as they are.
 *
 * @param prepare - by default requests are passed on as they are.
 */
export function forward<S extends DescService>(service: S, transport: Transport, prepare?: Prepare): Routes {
  const client = createClient(service, transport) as Record<string, Call>;
  const implementation: Record<string, unknown> = {};
  for (const { localName, input } of service.methods) {
    implementation[localName] = async (request: Message, context: HandlerContext) => {
      const passedOn = prepare ? await prepare(input, request, userOf(context)) : request;
      return client[localName]!(passedOn, optionsFor(context));
    };
  }
  return (router) => void router.service(service, implementation as ServiceImpl<S>);
}

function optionsFor(context: HandlerContext): CallOptions {
  const timeoutMs = context.timeoutMs();
  return {
    signal: context.signal,
    contextValues: callContext({
      onBehalfOf: userOf(context),
      requestId: context.values.get(requestIdKey),
      traceparent: context.values.get(traceparentKey),
    }),
    // 0 would mean no deadline at all.
    ...(timeoutMs !== undefined && { timeoutMs: Math.max(1, timeoutMs) }),
  };
}
