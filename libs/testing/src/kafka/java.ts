import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const POM = join(import.meta.dirname, '../../kafka/pom.xml');
/** Kafka 4 brokers need it. https://kafka.apache.org/41/operations/java-version/ */
const OLDEST_JAVA = 17;

/**
 * The Java program to use.
 *
 * @throws Error saying what is missing.
 */
export async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin/java') : 'java';
  const found = await execute(java, ['-version']).catch(() => {
    throw new Error(`there is no Java (tried ${java}); install Java ${OLDEST_JAVA} or newer`);
  });
  const version = /version "(\d+)/.exec(found.stderr)?.[1];
  if (Number(version) >= OLDEST_JAVA) return java;
  throw new Error(`Java ${OLDEST_JAVA} or newer is needed, found ${version ?? 'an unknown version'} (${java})`);
}

/**
 * The directory with the broker's jars: fetched from Maven Central once for each version of the pom, then cached in
 * the user's cache directory.
 *
 * @throws Error saying what is missing.
 */
export async function findJars(env: NodeJS.ProcessEnv): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const cache = join(cacheDirectory(env), 'agent-platform');
  const jars = join(cache, `kafka-${hash}`);
  if (await exists(jars)) return jars;
  await mkdir(cache, { recursive: true });
  // Under its final name only when complete: several processes may fetch at once, and one may be killed.
  const partial = `${jars}.${randomUUID()}`;
  try {
    await execute('mvn', [
      '-q',
      '-B',
      '-f',
      POM,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${partial}`,
      '-DincludeScope=runtime',
    ]);
    await rename(partial, jars);
  } catch (error) {
    if (await exists(jars)) return jars;
    const { code, stdout } = error as { code?: unknown; stdout?: string };
    if (code === 'ENOENT')
      throw new Error('Kafka is fetched by Maven, and there is no mvn; install Maven', { cause: error });
    const first = /\[ERROR\] (.*)/.exec(stdout ?? '')?.[1] ?? (error as Error).message;
    throw new Error(`Maven could not fetch Kafka: ${first.slice(0, 300)}`, { cause: error });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return jars;
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  return process.platform === 'darwin' ? join(homedir(), 'Library/Caches') : join(homedir(), '.cache');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
