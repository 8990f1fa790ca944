export { ADDRESS_RANGES, createAddressRules, LOOPBACK_ADDRESSES, type AddressRules } from './addresses.ts';
export { parseExactJson, parseJson, readJson, readJsonIfAny, type BodyReader } from './body-reader.ts';
export { ADDRESS_REFUSED, checkUrl, type CheckUrlOptions } from './check-url.ts';
export type { Resolve } from './connector.ts';
export { startDeadline, type Deadline } from './deadline.ts';
export { RequestFailedError, TooLargeError, type FailureReason } from './failure.ts';
export { createOutbound, type JsonAnswer, type JsonRequest, type Outbound, type OutboundOptions } from './outbound.ts';
export type { Answer, OutboundRequest } from './send.ts';
