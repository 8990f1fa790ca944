export { Cluster, type ClusterOptions } from './cluster.ts';
export { serviceKeysOf } from './environments.ts';
export { guard } from './guard.ts';
export { ServiceProcess } from './service-process.ts';
