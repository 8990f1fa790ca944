import { run } from '@agent-platform/runtime';
import { banner } from './banner.ts';
import { readPlatformConfig } from './config.ts';
import { Platform } from './platform.ts';

await run('Agent Platform', async () => {
  const platform = await Platform.create(readPlatformConfig(process.env));
  process.stdout.write(banner(platform));
  return platform;
});
