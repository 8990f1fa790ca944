import { createOutbound, RequestFailedError, type Resolve } from '@agent-platform/outbound';
import { startDnsServer } from './dns-server.ts';
import { startAccomplice, startCanary, WELCOME_ADDRESS } from './listeners.ts';

export interface RebindingFigures {
  readonly attempts: number;
  /** How often a name was looked up: once for each attempt, or there is a moment to lie in. */
  readonly queries: number;
  /** Attempts that came to the address that may be called, by a name that was honest at that moment. */
  readonly welcome: number;
  readonly refused: number;
  /** What the canary saw, on the same port of another address. None may come. */
  readonly connections: number;
}

/** Makes one request to a name. The default is the platform's own way out; another shows what the attack is worth. */
export type Visit = (url: URL, resolve: Resolve) => Promise<{ status: number }>;

const CANARY_ADDRESS = '127.0.0.1';

/** Names that mean something else each time they are looked up, or several things at once. */
const STRATEGIES: readonly ((nth: number) => readonly string[])[] = [
  (nth) => [nth % 2 === 0 ? WELCOME_ADDRESS : CANARY_ADDRESS],
  (nth) => [nth % 2 === 0 ? CANARY_ADDRESS : WELCOME_ADDRESS],
  () => [WELCOME_ADDRESS, CANARY_ADDRESS],
  () => [CANARY_ADDRESS, WELCOME_ADDRESS],
];

/** Calls names of a hostile DNS server, which leads to the accomplice when it is looked at and to the canary else. */
export async function attackByRebinding(attempts: number, visit?: Visit): Promise<RebindingFigures> {
  await using dns = await startDnsServer((name, nth) => STRATEGIES[Number(name.split('.')[0])]!(nth));
  await using accomplice = await startAccomplice();
  await using canary = await startCanary(accomplice.port);
  await using outbound = createOutbound({ allowedAddresses: [WELCOME_ADDRESS], resolve: dns.resolve });
  // Every attempt needs a connection of its own.
  accomplice.answer = (_, res) => void res.writeHead(204, { connection: 'close' }).end();
  let [welcome, refused] = [0, 0];
  for (let i = 0; i < attempts; i++) {
    const url = new URL(`http://${i % STRATEGIES.length}.rebinding.test:${accomplice.port}/`);
    try {
      const { status } = await (visit ? visit(url, dns.resolve) : outbound.json({ url }));
      if (status === 204) welcome++;
    } catch (error) {
      if (error instanceof RequestFailedError && error.reason === 'address_refused') refused++;
    }
  }
  return { attempts, queries: dns.queries(), welcome, refused, connections: canary.connections() };
}
