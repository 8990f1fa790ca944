import { relative } from 'node:path';

/** The part of vitest's JSON report that is of interest; it follows Jest's. */
interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: readonly string[];
  /** Neither: skipped or to be done. */
  readonly left: number;
  /** Why the file could not be run at all. */
  readonly broken?: string;
}

/** Results by file. @param root - what the names of files are relative to. */
export function readReport(json: string, root: string): Map<string, FileResult> {
  const { testResults } = JSON.parse(json) as JsonReport;
  return new Map(
    testResults.map(({ name, status, message, assertionResults: tests }) => {
      const file = relative(root, name);
      const passed = tests.filter((test) => test.status === 'passed').length;
      const failed = tests.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
      const isBroken = status === 'failed' && failed.length === 0;
      const left = tests.length - passed - failed.length;
      return [file, { file, passed, failed, left, ...(isBroken && { broken: message || 'it could not be run' }) }];
    }),
  );
}
