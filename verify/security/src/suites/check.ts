import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFindings, type Check, type Findings } from '../check.ts';
import { runChild } from '../run-child.ts';
import { SUITES } from './files.ts';
import { readReport } from './read-report.ts';

export const suites: Check = {
  name: 'suites',
  title: 'the tests that prove the rest',
  run: () => runSuites(SUITES),
};

const root = join(import.meta.dirname, '../../../..');
const VITEST = join(root, 'node_modules/vitest/vitest.mjs');
const MOST_MS = 900_000;

/** Runs the files, and takes what is missing, empty or skipped for a failure: it proves nothing. */
export async function runSuites(globs: typeof SUITES): Promise<Findings> {
  const findings = createFindings();
  const listed = new Map<string, string[]>();
  for (const [what, patterns] of Object.entries(globs)) {
    for (const pattern of patterns) {
      const files = await Array.fromAsync(glob(pattern, { cwd: root, exclude: ['**/node_modules/**'] }));
      if (files.length === 0) findings.problems.push(`${pattern}: there is no such file`);
      listed.set(what, [...(listed.get(what) ?? []), ...files.sort()]);
    }
  }
  const results = await runVitest([...listed.values()].flat());
  for (const [what, files] of listed) {
    findings.row(what, '');
    for (const file of files) {
      const { passed, failed, left, broken } = results.get(file) ?? { passed: 0, failed: [], left: 0 };
      findings.row(
        `  ${file}`,
        `${passed} passed, ${failed.length} failed${left > 0 ? `, ${left} not run` : ''}`,
        '0 failed',
      );
      if (broken !== undefined) findings.problems.push(`${file}: ${broken.slice(0, 300)}`);
      else if (passed + failed.length === 0) findings.problems.push(`${file}: no test was run`);
      if (left > 0) findings.problems.push(`${file}: ${left} tests were not run`);
      findings.problems.push(...failed.map((name) => `${file}: ${name}`));
    }
  }
  return findings;
}

async function runVitest(files: readonly string[]): Promise<ReturnType<typeof readReport>> {
  const directory = await mkdtemp(join(tmpdir(), 'agent-platform-security-'));
  try {
    const report = join(directory, 'report.json');
    await runChild([VITEST, 'run', '--root', root, '--reporter=json', `--outputFile=${report}`, ...files], {
      mostMs: MOST_MS,
    });
    return readReport(await readFile(report, 'utf8'), root);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
