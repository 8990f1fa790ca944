import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifests = new Map(
  ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((directory) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, directory, 'package.json'), 'utf8')) as Manifest;
      return [manifest.name, manifest] as const;
    }),
  ),
);

/** What an install of a package for production brings along, as far as this repository says. */
function installed(name: string, found = new Set<string>()): Set<string> {
  for (const dependency of Object.keys(manifests.get(name)?.dependencies ?? {})) {
    if (found.has(dependency)) continue;
    found.add(dependency);
    installed(dependency, found);
  }
  return found;
}

it.each(['ingest', 'token-service', 'management-api', 'dispatcher'])(
  '%s installs no database server, no issuer and nothing that is for tests',
  (service) => {
    const packages = [...installed(`@agent-platform/${service}`)];
    expect(packages).toContain('@agent-platform/auth');
    expect(packages.filter((name) => /embedded|issuer|testing|vitest/.test(name))).toEqual([]);
  },
);
