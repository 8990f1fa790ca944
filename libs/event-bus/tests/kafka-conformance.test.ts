import { sharedKafka } from '@agent-platform/testing';
import { describe } from 'vitest';
import { describeEventBus } from '../src/conformance.ts';
import { startKafkaHarness } from './kafka.ts';

const kafka = await sharedKafka();

if (kafka.kind === 'none') describe.skip(`the Kafka event bus: ${kafka.reason}`);
else describeEventBus('the Kafka', () => startKafkaHarness(kafka.brokers));
