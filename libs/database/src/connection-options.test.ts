import { describe, expect, it } from 'vitest';
import { connectionOptions } from './connection-options.ts';

const of = (query: string) => connectionOptions(`postgresql://me:p%40ss@db.example:5433/app${query}`);

describe('the options of a connection', () => {
  it('leave a URL without TLS as it is', () => {
    const connectionString = 'postgresql://me:p%40ss@db.example:5433/app?options=-c%20x=1';
    expect(of('?options=-c%20x=1')).toEqual({ connectionString, ssl: false });
  });

  it('keep the rest of the URL, and take from it what node-postgres reads otherwise', () => {
    const { connectionString, ssl } = of('?sslmode=verify-full&sslrootcert=system&application_name=x');
    expect(connectionString).toBe('postgresql://me:p%40ss@db.example:5433/app?application_name=x');
    expect(ssl).toEqual({ rejectUnauthorized: true });
  });

  it.each([
    ['?sslmode=prefer', 'must have an sslmode of disable, require, verify-ca, verify-full, not prefer'],
    ['?sslmode=allow', 'not allow'],
    ['?sslrootcert=/ca.pem', 'must have an sslmode of'],
    ['?ssl=true', 'say sslmode instead'],
    ['?sslmode=verify-ca', 'give the CA as sslrootcert'],
    ['?sslmode=verify-full', 'sslrootcert=system for public CAs'],
    ['?sslmode=verify-ca&sslrootcert=system', 'sslmode must be verify-full'],
    ['?sslmode=require&sslrootcert=system', 'sslmode must be verify-full'],
    ['?sslmode=require&sslcert=/c.pem', 'both sslcert and sslkey'],
    [
      '?sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
      '/nowhere/ca.pem as sslrootcert, which cannot be read (ENOENT)',
    ],
  ])('refuse what would not mean what it says: %s', (query, message) => {
    expect(() => of(query)).toThrow(message);
    expect(() => of(query)).not.toThrow('p%40ss');
  });
});
