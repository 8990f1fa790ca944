import { Platform, readPlatformConfig } from '@agent-platform/platform';
import { note } from './show.ts';

/** The platform that is running, or one started for the occasion, with the same settings and data as `npm start`. */
export async function platformUrl(): Promise<{ url: string } & AsyncDisposable> {
  const config = readPlatformConfig({ LOG_LEVEL: 'warn', ...process.env });
  const url = `http://${config.host}:${config.port}`;
  const running = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
  if (running?.ok) {
    note(`Using the platform that is running at ${url}.`);
    return { url, [Symbol.asyncDispose]: async () => {} };
  }
  note(`No platform is running at ${url}; starting one (npm start keeps one running).`);
  return Platform.create(config);
}
