import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, vi } from 'vitest';
import { sharedKafka } from '../src/kafka/shared-kafka.ts';
import { startKafka } from '../src/kafka/start-kafka.ts';

const JAVA_MISSING = { JAVA_HOME: '/nowhere' };

it('uses the brokers that are configured and leaves them running', async () => {
  const kafka = await startKafka({ env: { KAFKA_BROKERS: 'a:1, b:2' } });
  expect(kafka).toMatchObject({ kind: 'configured', brokers: ['a:1', 'b:2'] });
  expect(kafka).not.toHaveProperty('control');
});

const shared = await sharedKafka();

describe.runIf(shared.kind === 'local')('on a machine without a container engine', () => {
  it('says what is missing where there is no Java either', async () => {
    const kafka = await startKafka({ env: JAVA_MISSING });
    expect(kafka).toMatchObject({ kind: 'none', reason: expect.stringContaining('install Java 17') as string });
  });

  it('fails in CI, where a run without Kafka would prove nothing', async () => {
    await expect(startKafka({ env: { ...JAVA_MISSING, CI: 'true' } })).rejects.toThrow('CI requires a real Kafka');
  });

  it('does not leave a broker behind when its owner is killed', { timeout: 60_000 }, async () => {
    const script = `
      const { startKafka } = await import(${JSON.stringify(join(import.meta.dirname, '../src/kafka/start-kafka.ts'))});
      console.log((await startKafka({ controllable: true })).brokers[0]);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [broker] = (await once(createInterface(owner.stdout), 'line')) as [string];
    const port = Number(broker.split(':')[1]);
    expect(await answers(port)).toBe(true);
    owner.kill('SIGKILL');
    await vi.waitFor(async () => expect(await answers(port)).toBe(false), { timeout: 20_000, interval: 100 });
  });
});

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const result = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return result;
}
