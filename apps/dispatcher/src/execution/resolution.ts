import type { ToolResult } from '@agent-platform/mcp-client';
import type { Action } from '../events/plan.ts';
import { NOT_RECORDED } from './failures.ts';
import type { Problem, RunStatus, Step } from '../store/rows/run.ts';

/** What a person decided about a call without an answer. Stored as JSON with the run. */
export interface Resolution {
  readonly outcome: 'succeeded' | 'retry' | 'failed';
  readonly note: string;
  /** The principal's subject. */
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
  /** The number of the step without an answer. */
  readonly step: number;
  /** What the run said until then. */
  readonly error: Problem;
}

/** What becomes of the run and of the step. */
export interface Resolved {
  readonly status: RunStatus;
  readonly error?: Problem;
  readonly step: Pick<Step, 'status' | 'result' | 'error'>;
}

export function resolve(action: Action['kind'], unanswered: Pick<Step, 'error'>, resolution: Resolution): Resolved {
  const { outcome, by, note } = resolution;
  const said = note && `: ${note}`;
  // A call whose worker died is still recorded as started.
  const error = unanswered.error ?? { code: 'interrupted', message: `No answer was recorded: ${NOT_RECORDED}.` };
  const unsuccessful = { status: 'failed', result: null, error } as const;
  switch (outcome) {
    case 'succeeded': {
      const text = `A person confirmed that this call took effect; its own answer is not known${said || '.'}`;
      const result: ToolResult = { content: [{ type: 'text', text }], isError: false };
      const step = { status: 'succeeded', result: JSON.stringify(result), error: null } as const;
      // A direct call is all there was to do; after a prompt's the model goes on.
      return { status: action === 'tool_call' ? 'succeeded' : 'queued', step };
    }
    case 'retry':
      return { status: 'queued', step: unsuccessful };
    case 'failed': {
      const message = `${by} found that the call did not take effect, or gave it up${said || '.'}`;
      return { status: 'failed', error: { code: 'resolved_as_failed', message }, step: unsuccessful };
    }
  }
}
