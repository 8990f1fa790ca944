import { expect, it } from 'vitest';
import { readIngestConfig } from '../src/index.ts';
import { github, startSignedIngest } from './signed-ingest.ts';

/** A push as GitHub sends it: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push. */
function pushOf(commits: number): string {
  const person = { name: 'Mona Lisa Octocat', email: 'mona@example.com', username: 'octocat' };
  const sha = (i: number) => i.toString(16).padStart(40, '0');
  return JSON.stringify({
    ref: 'refs/heads/main',
    repository: { id: 1, full_name: 'octo/hello', default_branch: 'main' },
    commits: Array.from({ length: commits }, (_, i) => ({
      id: sha(i),
      tree_id: sha(i + commits),
      distinct: true,
      message: `Change number ${i}`,
      timestamp: '2026-11-23T09:30:00+01:00',
      url: `https://github.com/octo/hello/commit/${sha(i)}`,
      author: person,
      committer: person,
      added: [],
      removed: [],
      modified: [`src/file-${i}.ts`],
    })),
  });
}

it('a signed push of 600 commits is an event like any other', async () => {
  await using ingest = await startSignedIngest(readIngestConfig({}));
  const body = pushOf(600);
  expect(body.match(/":/g)!.length).toBeGreaterThan(10_000);
  expect(body.length).toBeGreaterThan(250_000);
  const answer = await ingest.sendSigned(ingest.newSource(github), github, {
    body,
    headers: { 'x-github-event': 'push' },
  });
  expect(answer.statusCode).toBe(202);
  expect(Buffer.from(ingest.bus.events()[0]!.payload).toString()).toBe(body);
});

it('a limit that was set is kept, and named', async () => {
  await using ingest = await startSignedIngest(readIngestConfig({ INGEST_MAX_KEYS: '5000' }));
  const answer = await ingest.sendSigned(ingest.newSource(github), github, { body: pushOf(600) });
  expect(answer.json()).toMatchObject({ status: 400, code: 'too_many_keys' });
  expect(answer.json<{ detail: string }>().detail).toContain('5000');
});
