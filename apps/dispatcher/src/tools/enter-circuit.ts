import type { PlannedSkill } from '../events/plan.ts';
import { CircuitOpen, type CircuitPass, type Operation } from './circuits.ts';
import type { Execution } from '../execution/execution.ts';
import { retryState } from '../execution/failures.ts';
import { RunStop } from '../execution/stop.ts';

/**
 * Before anything is recorded or asked for.
 *
 * @param position - of the step in the run's journal.
 * @throws RunStop while the skill's circuit is open: the run waits.
 */
export function enterCircuit(x: Execution, skill: PlannedSkill, operation: Operation, position: string): CircuitPass {
  try {
    // Tenants may use one server with different credentials; a skill may get another server.
    return x.circuits.enter(`${x.run.orgId} ${skill.id} ${skill.url}`, operation);
  } catch (error) {
    if (!(error instanceof CircuitOpen)) throw error;
    const message =
      `Skill ${skill.name} was not called: its MCP server failed ${error.failures} times in a row. ` +
      'The run goes on when the server answers again.';
    // Not all at once when the circuit closes.
    const delayMs = Math.round(error.retryInMs * (1 + Math.random() / 2));
    const failed = x.journal.failed(position).at(-1);
    throw new RunStop({
      status: 'queued',
      delayMs,
      error: { code: 'circuit_open', message },
      uncounted: true,
      ...(failed && { retry: retryState(x, failed) }),
    });
  }
}
