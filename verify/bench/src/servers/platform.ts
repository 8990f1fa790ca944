import { Platform, readPlatformConfig } from '@agent-platform/platform';
import { childConfig, endWithParent, tell } from '../processes/child.ts';

/** The platform as `npm start` runs it: four services and PostgreSQL in one process and its children. */
export interface PlatformConfig {
  readonly dataDir: string;
}

const { dataDir } = childConfig<PlatformConfig>();
const platform = await Platform.create(readPlatformConfig({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'warn' }));
endWithParent(() => platform[Symbol.asyncDispose]());
tell({ url: platform.url });
