import { brokerAway } from './broker-away.ts';
import { controlPlaneAway } from './control-plane-away.ts';
import { cutAfterAppend } from './cut-after-append.ts';
import { kills } from './kills.ts';
import { postgresRestart } from './postgres-restart.ts';
import { rebalance } from './rebalance.ts';
import type { Scenario } from './scenario.ts';
import { stoppedWorker } from './stopped-worker.ts';

export const scenarios: readonly Scenario[] = [
  kills,
  cutAfterAppend,
  brokerAway,
  postgresRestart,
  controlPlaneAway,
  stoppedWorker,
  rebalance,
];
