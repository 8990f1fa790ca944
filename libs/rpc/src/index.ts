export { callContext, onBehalfOfKey, principalOf, traceparentKey, userOf } from './call-context.ts';
export { clientInterceptors } from './client-interceptors.ts';
export { fromConnectError, toConnectError } from './errors.ts';
export { forward } from './forward.ts';
export { serverInterceptors } from './interceptors/server-interceptors.ts';
export { combineRoutes, everyMethod, type Routes } from './methods.ts';
export { problemOf, sendProblem, type Problem, type ProblemResponse } from './problem.ts';
export { createServer, type RpcServer } from './server/create-server.ts';
export { localTransport, remoteTransport } from './transports.ts';
