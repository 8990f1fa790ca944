/** The public REST API, as any program would call it. */
export class Api {
  readonly url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.url = url;
    this.#token = token;
  }

  /** With a token of the development issuer. */
  static async connect(url: string): Promise<Api> {
    return new Api(url, await developmentToken(url));
  }

  /** Undefined when there is no such thing; rejects with the problem's text on every other error. */
  async call<T>(method: string, path: string, body?: object): Promise<T | undefined> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Creates what is not there yet, changes what is. */
  async apply<T>(collection: string, resource: { name: string }): Promise<{ created: boolean; resource: T }> {
    const changed = await this.call<T>('PATCH', `/${collection}/${resource.name}`, resource);
    if (changed) return { created: false, resource: changed };
    return { created: true, resource: (await this.call<T>('POST', `/${collection}`, resource))! };
  }
}

/** A token of the development issuer, with the request of the documentation. */
export async function developmentToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_id: 'dev',
      client_secret: 'dev-secret',
      audience: 'https://agent-platform.example.com',
      grant_type: 'client_credentials',
    }),
  });
  if (!answer.ok) throw new Error(`${url}/oauth/token answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}
