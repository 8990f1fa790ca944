import { McpError } from '@agent-platform/mcp-client';
import { describe, expect, it } from 'vitest';
import { CircuitOpen, createCircuits, type Operation } from './circuits.ts';

const fault = (code: McpError['code'], o = { sent: true, answered: false }) => new McpError(code, 'no.', o);

function setUp() {
  const clock = { nowMs: 0 };
  const changes: string[] = [];
  const circuits = createCircuits(
    { failures: 3, windowMs: 60_000, cooldownMs: 10_000 },
    { nowMs: () => clock.nowMs, onChange: (key, state) => changes.push(`${key} ${state}`) },
  );
  const call = async (key: string, error?: unknown, operation: Operation = 'call') => {
    using pass = circuits.enter(key, operation);
    await pass.watch(error === undefined ? Promise.resolve() : Promise.reject(error as Error)).catch(() => undefined);
  };
  const isOpen = (key: string) => {
    try {
      circuits.enter(key, 'call')[Symbol.dispose]();
      return false;
    } catch (error) {
      expect(error).toBeInstanceOf(CircuitOpen);
      return true;
    }
  };
  return { clock, changes, circuits, call, isOpen };
}

const fail = async ({ call }: ReturnType<typeof setUp>, times: number, error = fault('server_error')) => {
  for (let i = 0; i < times; i++) await call('a', error);
};

describe('a circuit', () => {
  it.each(['server_error', 'connection_failed', 'timeout'] as const)(
    'opens after as many failures in a row (%s), for its key alone',
    async (code) => {
      const t = setUp();
      await fail(t, 2, fault(code));
      expect(t.isOpen('a')).toBe(false);
      await fail(t, 1, fault(code));
      expect([t.isOpen('a'), t.isOpen('b')]).toEqual([true, false]);
      expect(t.changes).toEqual(['a opened']);
    },
  );

  it.each([
    ['an answer', undefined],
    ['an answer that refuses', fault('rpc_error', { sent: true, answered: true })],
    ['an answer that asks for patience', fault('rate_limited', { sent: true, answered: true })],
  ])('counts anew after %s', async (_name, ending) => {
    const t = setUp();
    await fail(t, 2);
    await t.call('a', ending);
    await fail(t, 2);
    expect(t.isOpen('a')).toBe(false);
  });

  it.each([
    ['a call that was given up', fault('cancelled')],
    ['a failure of our own', new Error('database')],
  ])('learns nothing from %s', async (_name, ending) => {
    const t = setUp();
    await fail(t, 2);
    await t.call('a', ending);
    expect(t.isOpen('a')).toBe(false);
    await fail(t, 1);
    expect(t.isOpen('a')).toBe(true);
  });

  it('forgets failures that are long ago', async () => {
    const t = setUp();
    await fail(t, 2);
    t.clock.nowMs = 60_001;
    await fail(t, 1);
    expect(t.isOpen('a')).toBe(false);
  });

  it('lets one call through after its cool-down, and closes when that is answered', async () => {
    const t = setUp();
    await fail(t, 3);
    t.clock.nowMs = 9_999;
    expect(() => t.circuits.enter('a', 'call')).toThrow(expect.objectContaining({ failures: 3, retryInMs: 1 }));
    t.clock.nowMs = 10_000;
    const probe = t.circuits.enter('a', 'call');
    expect(t.isOpen('a')).toBe(true);
    await probe.watch(Promise.resolve());
    probe[Symbol.dispose]();
    expect(t.isOpen('a')).toBe(false);
    expect(t.changes).toEqual(['a opened', 'a closed']);
  });

  it('cools down again when that call fails', async () => {
    const t = setUp();
    await fail(t, 3);
    t.clock.nowMs = 10_000;
    await fail(t, 1);
    t.clock.nowMs = 19_999;
    expect(t.isOpen('a')).toBe(true);
    t.clock.nowMs = 20_000;
    expect(t.isOpen('a')).toBe(false);
    expect(t.changes).toEqual(['a opened']);
  });

  it('lets another call through when that one was never made', async () => {
    const t = setUp();
    await fail(t, 3);
    t.clock.nowMs = 10_000;
    t.circuits.enter('a', 'call')[Symbol.dispose]();
    expect(t.isOpen('a')).toBe(false);
    await t.call('a', fault('cancelled', { sent: false, answered: false }));
    expect(t.isOpen('a')).toBe(false);
  });

  it('counts on when only the list of tools is answered, whose failures are counted too', async () => {
    const t = setUp();
    await fail(t, 1);
    await t.call('a', fault('timeout'), 'list');
    await fail(t, 1);
    expect(t.isOpen('a')).toBe(true);
    t.clock.nowMs = 10_000;
    await t.call('a', undefined, 'list');
    await fail(t, 1);
    expect(t.isOpen('a')).toBe(true);
  });

  it('closes with the list of tools when it was that which failed', async () => {
    const t = setUp();
    for (let i = 0; i < 3; i++) await t.call('a', fault('connection_failed'), 'list');
    expect(t.isOpen('a')).toBe(true);
    t.clock.nowMs = 10_000;
    await t.call('a', undefined, 'list');
    expect(t.changes).toEqual(['a opened', 'a closed']);
  });
});
