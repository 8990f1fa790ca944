import type { Execution } from '../execution/execution.ts';
import { failed } from '../execution/stop.ts';

/**
 * What the trigger's template makes of the event: a prompt, or a tool's arguments as JSON. What the event lacks is a warning.
 *
 * @throws RunStop `template_output_too_large`, `template_too_hard`, `template_invalid`
 */
export async function render({ run, journal, templates }: Execution): Promise<string> {
  const rendered = await templates.render(run);
  if (rendered.kind === 'refused') throw failed(rendered.code, rendered.message);
  for (const path of rendered.missing) journal.warn(`the event has no ${path}`);
  return rendered.text;
}
