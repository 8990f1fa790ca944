import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;

/** Quick to start and small; half a gigabyte of heap is what a broker of tests needs at most. */
const JVM = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** `KafkaRaftServer` says so when the listeners take requests. */
const READY = 'Kafka Server started';
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
];

export interface Program {
  readonly java: string;
  readonly jars: string;
  /** Holds `server.properties`, `broker.log` and the data. */
  readonly directory: string;
  /** For the broker. */
  readonly jvm?: readonly string[];
  /** For the format of its storage. */
  readonly format?: readonly string[];
}

/** Writes what a broker of KRaft needs to find in its data directory before its first start. */
export async function formatStorage({ java, jars, directory, format = [] }: Program): Promise<void> {
  // Any 16 bytes in base64url; clusters of tests never meet.
  const clusterId = 'agent-platform-tests--';
  const config = join(directory, 'server.properties');
  const args = [
    ...JVM,
    ...LOGGING,
    '-cp',
    `${jars}/*`,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    config,
    ...format,
  ];
  await finished(await launch(java, args, directory), directory);
}

/** Starts the broker and waits until it serves. */
export async function startBroker(program: Program): Promise<ChildProcess> {
  const { java, jars, directory, jvm = [] } = program;
  const config = join(directory, 'server.properties');
  const log = join(directory, 'broker.log');
  const before = (await readFile(log, 'utf8').catch(() => '')).length;
  const child = await launch(java, [...JVM, ...jvm, ...LOGGING, '-cp', `${jars}/*`, 'kafka.Kafka', config], directory);
  for (const until = performance.now() + READY_WITHIN_MS; performance.now() < until; await sleep(20)) {
    if ((await readFile(log, 'utf8')).slice(before).includes(READY)) return child;
    if (hasEnded(child)) throw await failure(directory, 'The Kafka broker ended while it started');
  }
  await stopBroker(child, 'SIGKILL');
  throw await failure(directory, `The Kafka broker was not ready within ${READY_WITHIN_MS / 1_000} s`);
}

/** Resolves when the process is gone. */
export async function stopBroker(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exit;
  clearTimeout(late);
}

async function launch(program: string, args: readonly string[], directory: string): Promise<ChildProcess> {
  const log = await open(join(directory, 'broker.log'), 'a');
  // In a process group of its own: Ctrl-C reaches its owner, who ends it in order.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  await once(child, 'spawn').finally(() => log.close());
  guard(child, directory);
  return child;
}

/**
 * Ends the broker and removes its directory when this process is gone, however it went: nothing here can run after
 * `kill -9`, so a small shell process looks once a second. It ends with the broker.
 */
function guard(child: ChildProcess, directory: string): void {
  const script = `
    while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done
    kill -0 "$1" 2>/dev/null || { kill -9 "$2" 2>/dev/null; rm -rf "$3"; }`;
  const args = ['-c', script, 'kafka-guard', String(process.pid), String(child.pid), directory];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
}

async function finished(child: ChildProcess, directory: string): Promise<void> {
  if (!hasEnded(child)) await once(child, 'exit');
  if (child.exitCode !== 0) throw await failure(directory, 'The storage of the Kafka broker could not be formatted');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function failure(directory: string, message: string): Promise<Error> {
  const log = await readFile(join(directory, 'broker.log'), 'utf8').catch(() => '');
  const cause = [...log.matchAll(/^Caused by: (.*)$/gm)].at(-1)?.[1];
  return new Error(`${message}: ${cause ?? log.slice(-2_000)}`);
}
