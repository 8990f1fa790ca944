import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStorage, startBroker, stopBroker } from './broker-process.ts';
import { findJars, findJava } from './java.ts';
import type { BrokerPorts, Kafka, Secured } from './kafka.ts';
import { secureBroker } from './secure.ts';
import { brokerSettings } from './settings.ts';

/**
 * A broker from the jars of Maven Central, run by the machine's own Java. Its data lives in a temp directory and goes
 * when it is disposed.
 *
 * @throws Error saying what is missing.
 */
export async function startLocal(env: NodeJS.ProcessEnv, ports: BrokerPorts, secured?: Secured): Promise<Kafka> {
  const [java, jars] = await Promise.all([findJava(env), findJars(env)]);
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-kafka-'));
  await using onFailure = new AsyncDisposableStack();
  onFailure.defer(() => rm(directory, { recursive: true, force: true }));
  const secure = secured && (await secureBroker(secured, directory));
  const program = { java, jars, directory, ...(secure && { jvm: secure.jvm, format: secure.format }) };
  const dirs = { 'log.dirs': join(directory, 'data') };
  const settings = { ...brokerSettings(ports, '127.0.0.1'), ...dirs, ...secure?.settings };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(directory, 'server.properties'), lines.join(''));
  await formatStorage(program);
  let child = await startBroker(program);
  onFailure.move();
  return {
    kind: 'local',
    brokers: [`127.0.0.1:${ports.client}`],
    ...(ports.secure && {
      secure: { sasl: `localhost:${ports.secure.sasl}`, mutual: `localhost:${ports.secure.mutual}` },
    }),
    ...(ports.proxied && { proxyTargetPort: ports.proxied.listen }),
    control: {
      stop: () => stopBroker(child, 'SIGTERM'),
      kill: () => stopBroker(child, 'SIGKILL'),
      start: async () => void (child = await startBroker(program)),
    },
    [Symbol.asyncDispose]: async () => {
      await stopBroker(child, 'SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
