import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSearch } from './search.ts';

const secrets = Array.from({ length: 50 }, (_, n) => ({
  name: `secret ${n}`,
  core: `core-${randomBytes(12).toString('hex')}-${n}`,
}));
const search = createSearch(secrets);

it('finds a secret wherever it stands', () => {
  const { name, core } = secrets[7]!;
  const noise = randomBytes(10_000);
  for (const at of [0, 1, 5_000, 10_000]) {
    const content = Buffer.concat([noise.subarray(0, at), Buffer.from(core), noise.subarray(at)]);
    expect(search(content)).toEqual([{ secret: name, form: 'plain', offset: at }]);
  }
});

it('finds every one of many, each in its form', () => {
  const line = (core: string) => JSON.stringify({ msg: Buffer.from(`Bearer ${core}`).toString('base64') });
  const hits = search(Buffer.from(secrets.map(({ core }) => line(core)).join('\n')));
  expect(hits.map(({ secret }) => secret)).toEqual(secrets.map(({ name }) => name));
  expect(new Set(hits.map(({ form }) => form))).toEqual(new Set(['base64']));
});

it('finds a token in the line of a log', () => {
  const planted = `{"level":"info","msg":"accepted","token":"${secrets[3]!.core}"}\n`;
  expect(search(Buffer.from(`{"level":"info"}\n${planted}`))).toMatchObject([{ secret: 'secret 3', form: 'plain' }]);
});

it('finds nothing where there is nothing, nor half a secret at the end', () => {
  expect(search(randomBytes(1_000_000))).toEqual([]);
  expect(search(Buffer.from(secrets[0]!.core.slice(0, -1)))).toEqual([]);
  expect(search(Buffer.alloc(0))).toEqual([]);
});
