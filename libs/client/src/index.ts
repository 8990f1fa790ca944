export { Api, developmentToken } from './api.ts';
