import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '@agent-platform/client';

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text);
const dim = (text: string) => (process.stdout.isTTY ? `\x1b[2m${text}\x1b[0m` : text);

export function heading(text: string): void {
  console.log(`\n${bold(text)}`);
}

export function line(kind: string, what: string, detail = ''): void {
  console.log(`  ${kind.padEnd(8)} ${what}${detail && `  ${dim(detail)}`}`);
}

export function note(text: string): void {
  console.log(dim(text.replace(/^(\n?)/, '$1  ')));
}

interface Step {
  number: number;
  kind: string;
  status: string;
  tool: string;
  arguments?: object;
  result?: { content?: { text?: string }[] } | string[];
  error?: { message: string };
}

interface Run {
  id: string;
  status: string;
  trigger: string;
  agent: string;
  error?: { code: string; message: string };
  steps: Step[];
}

function showStep({ kind, status, tool, arguments: input, result, error }: Step): void {
  if (kind === 'tools_list') line('step', `tools/list ${status}`, error?.message ?? JSON.stringify(result));
  else line('step', `tools/call ${tool} ${status}`, `arguments ${JSON.stringify(input)}`);
  if (error) line('', error.message);
  const content = result && !Array.isArray(result) ? result.content : undefined;
  for (const { text } of content ?? []) line('result', text ?? '');
}

/** Prints an event's decisions and its run as they appear. True when the run succeeded. */
export async function followRun(api: Api, eventId: string): Promise<boolean> {
  const deadline = Date.now() + 30_000;
  let runId: string | undefined;
  let shown = 0;
  while (Date.now() < deadline) {
    if (!runId) {
      const event = await api.call<{ decisions: Decision[] }>('GET', `/events/${eventId}`);
      for (const { matched, trigger, reason } of event?.decisions ?? []) {
        line('trigger', `${trigger} ${matched ? 'matched' : 'did not match'}`, reason);
      }
      runId = event?.decisions.find(({ matched }) => matched)?.run_id;
      if (event && !runId) return false;
    }
    const run = runId && (await api.call<Run>('GET', `/runs/${runId}`));
    if (run) {
      const finished = run.steps.filter(({ status }) => status !== 'started');
      for (; shown < finished.length; shown++) showStep(finished[shown]!);
      if (!['queued', 'running'].includes(run.status)) {
        line('run', `${run.id} ${run.status}`, run.error?.message ?? `${run.agent}, started by ${run.trigger}`);
        return run.status === 'succeeded';
      }
    }
    await sleep(50);
  }
  throw new Error(`the run of ${eventId} did not end within 30 s`);
}

interface Decision {
  matched: boolean;
  trigger: string;
  reason: string;
  run_id: string;
}
