import { describeEventBus } from '../src/conformance.ts';
import { startPostgres } from './postgres.ts';

describeEventBus('the Postgres', startPostgres);
