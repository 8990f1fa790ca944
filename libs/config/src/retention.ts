import { variable } from './variables.ts';

const duration = variable.durationMs('DISPATCHER_RETENTION', { default: 30 * 86_400_000 });
const LEAST_MS = 3_600_000;

/** How long events and runs are kept, in milliseconds; and, for their explanation, the configuration they met. */
export const retention = {
  ...duration,
  expected: 'a length of time of at least an hour, such as 12h or 30d',
  parse(text: string): number | undefined {
    const value = duration.parse(text);
    return value !== undefined && value >= LEAST_MS ? value : undefined;
  },
};
