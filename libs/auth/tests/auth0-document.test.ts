import { readFileSync } from 'node:fs';
import { publicServices } from '@agent-platform/proto';
import { expect, it } from 'vitest';
import { permissionsOf } from '../src/index.ts';

it('docs/auth0.md lists the permissions that methods ask for', () => {
  const document = readFileSync(new URL('../../../docs/auth0.md', import.meta.url), 'utf8');
  const [, json = ''] = /```json\n([^]*?)```/.exec(document) ?? [];
  const { scopes } = JSON.parse(json) as { scopes: { value: string }[] };
  expect(scopes.map(({ value }) => value)).toEqual(permissionsOf(publicServices));
});
