export { readPlatformConfig, type PlatformConfig } from './config.ts';
export { Platform } from './platform.ts';
