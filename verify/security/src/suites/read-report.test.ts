import { expect, it } from 'vitest';
import { readReport } from './read-report.ts';

const report = (files: object[]) => readReport(JSON.stringify({ testResults: files }), '/root');
const test = (status: string, fullName = status) => ({ status, fullName });

it('counts what passed, failed and was left out, by file', () => {
  const tests = [test('passed'), test('passed'), test('failed', 'refuses it'), test('skipped'), test('todo')];
  const results = report([{ name: '/root/libs/a.test.ts', status: 'failed', message: '', assertionResults: tests }]);
  const file = 'libs/a.test.ts';
  expect(results.get(file)).toEqual({ file, passed: 2, failed: ['refuses it'], left: 2 });
});

it('says why a file could not be run', () => {
  const results = report([{ name: '/root/a.test.ts', status: 'failed', message: 'no module', assertionResults: [] }]);
  expect(results.get('a.test.ts')).toEqual({ file: 'a.test.ts', passed: 0, failed: [], left: 0, broken: 'no module' });
});
