import type { DescMethodUnary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyOf } from '@agent-platform/auth';
import { CredentialService, WebhookTokenService } from '@agent-platform/proto';
import type { ServiceName } from '@agent-platform/runtime';
import { createFixture } from './fixture.ts';

let fixture: Awaited<ReturnType<typeof createFixture>>;
let service: Awaited<ReturnType<typeof fixture.start>>;

beforeAll(async () => {
  fixture = await createFixture();
  service = await fixture.start();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const CALLERS: ServiceName[] = ['ingest', 'token-service', 'management-api', 'dispatcher'];
const methods = [WebhookTokenService, CredentialService].flatMap((offered) =>
  offered.methods.map((method) => ({ name: method.name, method: method as DescMethodUnary })),
);

function call(caller: ServiceName | undefined, method: DescMethodUnary): Promise<unknown> {
  const client = service.as(caller, method.parent) as Record<string, (request: object) => Promise<unknown>>;
  return client[method.localName]!({});
}

describe.each(methods)('$name', ({ method }) => {
  it('is refused without an identity', async () => {
    await expect(call(undefined, method)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it('is for exactly one service', async () => {
    const { callers, permission } = policyOf(method)!;
    expect(callers).toHaveLength(1);
    expect(permission).toBe('');
    for (const caller of CALLERS.filter((name) => !callers.includes(name))) {
      await expect(call(caller, method)).rejects.toMatchObject({ kind: 'permission_denied' });
    }
    const answer = await call(callers[0] as ServiceName, method).catch((error: { kind: string }) => error.kind);
    expect(answer).not.toBe('permission_denied');
  });
});
