import { createClient } from '@connectrpc/connect';
import type { ServiceIdentity } from '@agent-platform/auth';
import { CredentialService } from '@agent-platform/proto';
import { clientInterceptors, remoteTransport } from '@agent-platform/rpc';

export interface Credential {
  readonly orgId: string;
  readonly skillId: string;
  readonly headers: Record<string, string>;
}

/** Reads credentials of a token-service as the dispatcher does, and says what was wrong with the answer, if anything. */
export function createReader(baseUrl: string, identity: ServiceIdentity) {
  const transport = remoteTransport({
    baseUrl,
    interceptors: clientInterceptors({ identity, callee: 'token-service' }),
  });
  const client = createClient(CredentialService, transport);
  return {
    async read({ orgId, skillId, headers }: Credential): Promise<string | undefined> {
      try {
        const answer = await client.resolveCredential({ orgId, skillId, origin: 'https://mcp.example' });
        return answer.headers['Authorization'] === headers['Authorization'] ? undefined : 'another value';
      } catch (error) {
        return String(error);
      }
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

export interface ReadResults {
  readonly sent: number;
  readonly failures: readonly string[];
  readonly perSecond: number;
  /** Of the reads that did not fail. */
  readonly quantileMs: (q: number) => number;
}

/** Reads at a constant rate, whatever the answers take, until stopped. */
export function startReads(
  reader: ReturnType<typeof createReader>,
  credentials: readonly Credential[],
  perSecond: number,
) {
  const startedMs = performance.now();
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;

  async function read(): Promise<void> {
    const sentMs = performance.now();
    const failure = await reader.read(credentials[Math.floor(Math.random() * credentials.length)]!);
    if (failure === undefined) latenciesMs.push(performance.now() - sentMs);
    else failures.push(failure);
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1_000);
    for (; sent < due; sent++) {
      const reading = read().finally(() => underWay.delete(reading));
      underWay.add(reading);
    }
  }, 1_000 / perSecond);

  return {
    sent: () => sent,
    async stop(): Promise<ReadResults> {
      clearInterval(timer);
      const seconds = (performance.now() - startedMs) / 1_000;
      await Promise.all(underWay);
      latenciesMs.sort((a, b) => a - b);
      const quantileMs = (q: number) => latenciesMs[Math.floor(q * (latenciesMs.length - 1))] ?? NaN;
      return { sent, failures, perSecond: sent / seconds, quantileMs };
    },
  };
}
