import { Platform, readPlatformConfig } from '@agent-platform/platform';
import { note } from './show.ts';

/** The platform that is running, or one started for the occasion, with the same settings and data as `npm start`. */
export async function platformUrl(): Promise<{ url: string } & AsyncDisposable> {
  const config = readPlatformConfig({ LOG_LEVEL: 'warn', ...process.env });
  const url = `http://${config.host}:${config.port}`;
  // A cluster has its probes elsewhere; without a token both answer 401.
  const answer = await fetch(`${url}/api/v1/agents`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.status === 401) {
    note(`Using the platform that is running at ${url}.`);
    return { url, [Symbol.asyncDispose]: async () => {} };
  }
  note(`No platform is running at ${url}; starting one (npm start keeps one running).`);
  return Platform.create(config);
}
