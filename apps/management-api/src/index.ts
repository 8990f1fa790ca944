export { readManagementApiConfig } from './config.ts';
export * from './management-api.ts';
