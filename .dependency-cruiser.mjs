// The boundaries of the repository. tools/repository/boundaries.test.ts plants a violation of each and shows that it is caught.
const TESTS = '\\.test\\.ts$|/tests/';

/** A package that only one library (and tests) may import. */
const owned = (name, packages, owner) => ({
  name: `${name}-only-in-its-library`,
  comment: `${name} is imported only by ${owner}, so that another can take its place.`,
  severity: 'error',
  from: { pathNot: `^(${owner})|${TESTS}` },
  to: { path: `node_modules/(${packages})/` },
});

export default {
  forbidden: [
    {
      name: 'services-do-not-import-services',
      comment: 'Services talk over RPC and the bus. Only apps/platform puts them together.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: `^apps/platform/|${TESTS}` },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libraries-do-not-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|tools|verify|examples)/' },
    },
    {
      name: 'nothing-depends-on-tools',
      comment: 'tools/ and verify/ work on the product; the product does not know them.',
      severity: 'error',
      from: { path: '^(apps|libs)/' },
      to: { path: '^(tools|verify)/' },
    },
    {
      name: 'apps-are-used-as-they-are-exported',
      severity: 'error',
      from: { path: '^(tools|verify|examples)/' },
      to: { path: '^apps/[^/]+/', pathNot: '/src/(index|tokens/token-verifier|sources/source-changes)\\.ts$' },
    },
    {
      name: 'services-do-not-bring-their-own-world',
      comment: 'A database server and an issuer come with the one machine and with development, not with a service.',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: `^(apps/platform|libs/(testing|embedded-postgres|development-issuer))/|/bench/|${TESTS}`,
      },
      to: { path: '^libs/(embedded-postgres|development-issuer)/' },
    },
    {
      name: 'the-bus-has-no-favourite-driver',
      comment: 'Outside libs/event-bus nobody knows which driver is there.',
      severity: 'error',
      from: { pathNot: '^libs/event-bus/' },
      to: { path: '^libs/event-bus/src/(?!index\\.ts)' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: `^libs/testing/|${TESTS}|conformance` },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'the-store-knows-no-domain',
      comment: 'store/ has SQL and what its rows are. Others import it, and it imports none of them.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/store/', pathNot: TESTS },
      to: { path: '^apps/$1/src/', pathNot: '^apps/$1/src/(store|generated)/' },
    },
    owned('pg', 'pg|@prisma/adapter-pg', 'libs/database/'),
    owned('embedded-postgres', 'embedded-postgres', 'libs/embedded-postgres/'),
    owned('prisma', '@prisma/client|prisma', 'libs/database/|apps/[^/]+/src/generated/'),
    owned('jose', 'jose', 'libs/(auth|development-issuer)/'),
    owned('kafkajs', 'kafkajs', 'libs/event-bus/'),
    owned('undici', 'undici', 'libs/outbound/|verify/bench/'),
    { name: 'no-cycles', severity: 'error', from: { pathNot: '/generated/' }, to: { circular: true } },
    {
      name: 'declared-dependencies',
      comment: 'What a package imports stands in its own package.json.',
      severity: 'error',
      from: { path: '^(apps|libs|tools|verify)/', pathNot: TESTS },
      to: {
        pathNot: '^(apps|libs|tools|verify)/',
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    exclude: { path: 'node_modules/.cache' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
