import { createFindings, type Check, type Findings } from './check.ts';
import { runChild } from './run-child.ts';

export const credentialRotation: Check = {
  name: 'credential-rotation',
  title: 'both keys of 10,000 credentials are rotated while they are read, and the rotating process is killed',
  run: measureCredentialRotation,
};

const PROGRAM = 'apps/token-service/bench/rotation.ts';
const MOST_MS = 600_000;
/** `label  text`, the label padded. */
const FIGURE = /^(\S.*?) {2,}(.*)$|^(.{22}) (.*)$/;

async function measureCredentialRotation(): Promise<Findings> {
  let errors = '';
  const { exitCode, output } = await runChild([PROGRAM], { mostMs: MOST_MS, onErrors: (text) => (errors += text) });
  const findings = createFindings();
  for (const { what, measured } of figuresOf(output)) findings.row(what, measured);
  findings.require(exitCode === 0, 'exit code', String(exitCode), '0');
  if (exitCode !== 0 && errors !== '') findings.problems.push(errors.trim().slice(-1_000));
  return findings;
}

/** What the program printed, line by line. */
export function figuresOf(output: string): { what: string; measured: string }[] {
  return output.split('\n').flatMap((line) => {
    const [, padded, afterPadded, full, afterFull] = FIGURE.exec(line) ?? [];
    const what = padded ?? full;
    return what === undefined ? [] : [{ what: what.trim(), measured: (afterPadded ?? afterFull)!.trim() }];
  });
}
