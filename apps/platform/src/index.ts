export { pasteableCommands } from './banner.ts';
export { readPlatformConfig, type PlatformConfig } from './config.ts';
export { createDevelopmentIssuer, DEVELOPMENT_AUDIENCE } from './issuer.ts';
export { Platform } from './platform.ts';
