import type { Api } from '@agent-platform/client';
import type { Cluster } from '@agent-platform/cluster';
import type { Evidence } from './evidence.ts';

interface Page {
  readonly next_page_token?: string;
  readonly [collection: string]: unknown;
}

/** Everything the public API says of events and runs, step by step, and of what was configured. */
export async function* askApi(api: Api): AsyncGenerator<Evidence> {
  const answer = (name: string, body: unknown): Evidence => ({
    place: 'API answers',
    name,
    content: Buffer.from(JSON.stringify(body)),
  });
  for (const collection of ['events', 'runs', 'skills', 'agents', 'triggers', 'webhook-sources']) {
    for (let token: string | undefined = ''; token !== undefined;) {
      const page: Page = (await api.call<Page>('GET', `/${collection}?page_size=200&page_token=${token}`))!;
      yield answer(`GET /${collection}`, page);
      for (const { id } of (page[collection.replace('-', '_')] ?? []) as { id: string }[]) {
        yield answer(`GET /${collection}/${id}`, await api.call('GET', `/${collection}/${id}`));
        if (collection === 'webhook-sources') {
          yield answer(`GET /${collection}/${id}/tokens`, await api.call('GET', `/${collection}/${id}/tokens`));
        }
      }
      token = page.next_page_token || undefined;
    }
  }
}

export async function* askMetrics(cluster: Cluster): AsyncGenerator<Evidence> {
  for (const { name, adminUrl } of cluster.processes) {
    const answer = await fetch(`${adminUrl}/metrics`);
    yield { place: 'metrics', name, content: Buffer.from(await answer.arrayBuffer()) };
  }
}
