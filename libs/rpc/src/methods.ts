import type { DescMethod } from '@bufbuild/protobuf';
import { createConnectRouter, type ConnectRouter } from '@connectrpc/connect';
import { policyOf } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';

/** Registers a service's RPCs. */
export type Routes = (router: ConnectRouter) => void;

/**
 * The routes of several services as one. What two of them offer (who owns it, and who forwards to the owner) is served
 * by the first.
 */
export function combineRoutes(services: readonly { readonly routes?: Routes }[]): Routes {
  return (router) => {
    const taken = new Set<string>();
    const claim = (methods: readonly DescMethod[]) => {
      if (methods.some((method) => taken.has(key(method)))) return false;
      for (const method of methods) taken.add(key(method));
      return true;
    };
    const claiming: ConnectRouter = {
      handlers: router.handlers,
      service(service, implementation, options) {
        if (claim(service.methods)) router.service(service, implementation, options);
        return this;
      },
      rpc(method, implementation, options) {
        if (claim([method])) router.rpc(method, implementation, options);
        return this;
      },
    };
    for (const service of services) service.routes?.(claiming);
  };
}

/** Every method the routes offer. */
export function everyMethod(routes: Routes): DescMethod[] {
  const router = createConnectRouter();
  routes(router);
  return router.handlers.map((handler) => handler.method);
}

/** @throws AppError when a method does not say who may call it: nobody could, and it is not meant. */
export function requirePolicies(methods: readonly DescMethod[]): void {
  const open = methods.filter((method) => !policyOf(method)).map(key);
  if (open.length === 0) return;
  const message = `Nothing says who may call ${open.join(', ')}. Give it a policy in its proto (agentplatform.options.v1.policy).`;
  throw new AppError('failed_precondition', 'policy_missing', message);
}

/** As clients spell it in a path: "agentplatform.management.v1.AgentService/GetAgent". */
export function key(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
