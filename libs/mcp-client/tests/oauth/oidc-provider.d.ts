declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface IssuedToken {
    readonly aud: string | string[];
    readonly scope?: string;
    readonly exp: number;
    readonly clientId: string;
    readonly isValid: boolean;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    on(event: string, listener: (...args: unknown[]) => void): this;
    readonly ClientCredentials: { find(value: string): Promise<IssuedToken | undefined> };
  }
}
