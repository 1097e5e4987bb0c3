/**
 * Who may import whom. A library is named with the libraries and the packages that it may use; what is not listed is
 * forbidden. Applications may join everything.
 *
 * @type {Readonly<Record<string, { libs: readonly string[], packages: readonly string[], pure: boolean }>>}
 */
const LIBRARIES = {
  contract: { libs: [], packages: [], pure: true },
  conversation: { libs: ['contract'], packages: [], pure: true },
  catalog: { libs: ['contract'], packages: ['class-validator', 'class-transformer', 'reflect-metadata'], pure: true },
  routing: { libs: ['contract'], packages: ['class-validator', 'class-transformer', 'reflect-metadata'], pure: true },
  dialects: { libs: ['contract', 'conversation'], packages: [], pure: true },
  providers: { libs: ['contract', 'conversation', 'dialects'], packages: [], pure: true },
  transport: { libs: ['contract'], packages: ['undici', 'ipaddr.js'], pure: false },
  database: { libs: ['contract'], packages: ['kysely', 'pg'], pure: false },
  limits: { libs: ['contract'], packages: ['ioredis'], pure: false },
  metering: { libs: ['contract', 'database'], packages: ['kysely'], pure: false },
  identity: { libs: ['contract', 'database'], packages: ['ioredis', 'kysely', 'rate-limiter-flexible'], pure: false },
  telemetry: { libs: ['contract'], packages: ['pino', 'prom-client', '@opentelemetry/[^/]+'], pure: false },
  dispatch: {
    libs: ['contract', 'conversation', 'routing', 'providers', 'dialects', 'transport'],
    packages: [],
    pure: false,
  },
};

/** Modules of Node that compute and neither wait nor look outside; `crypto` is for digests. */
const PURE_NODE_MODULES = '^(node:)?(assert|buffer|crypto|string_decoder|util)$';

/** Tests, and what only tests use. */
const SPEC = '\\.(spec|fixture)\\.ts$|/(__fixtures__|testing)/';

/** Servers of other programs that the tests of any library may start. */
const SERVICES = '^test/testing/';

/** @param {readonly string[]} names */
const anyOf = (names) => `(${names.join('|')})`;

/**
 * @param {string} lib
 * @param {{ libs: readonly string[], packages: readonly string[] }} allowed
 * @returns {import('dependency-cruiser').IForbiddenRuleType[]}
 */
const allowOnly = (lib, { libs, packages }) => [
  {
    name: `libs-of-${lib}`,
    comment: `libs/${lib} may use: ${libs.join(', ') || 'no other library'}.`,
    severity: 'error',
    from: { path: `^libs/${lib}/` },
    to: { path: '^(libs|apps|test)/', pathNot: [`^libs/${anyOf([lib, ...libs])}/`, SERVICES] },
  },
  {
    name: `packages-of-${lib}`,
    comment: `libs/${lib} may use: ${packages.join(', ') || 'no package'}.`,
    severity: 'error',
    from: { path: `^libs/${lib}/`, pathNot: SPEC },
    to: { path: 'node_modules/', ...(packages.length > 0 && { pathNot: `node_modules/${anyOf(packages)}/` }) },
  },
];

/**
 * @param {string} lib
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const withoutInputAndOutput = (lib) => ({
  name: `${lib}-is-pure`,
  comment: `libs/${lib} does no I/O: its answers depend on its arguments alone.`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: SPEC },
  to: { dependencyTypes: ['core'], pathNot: PURE_NODE_MODULES },
});

const libraries = Object.entries(LIBRARIES);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...libraries.flatMap(([lib, allowed]) => allowOnly(lib, allowed)),
    ...libraries.filter(([, { pure }]) => pure).map(([lib]) => withoutInputAndOutput(lib)),
    {
      name: 'known-libs-only',
      comment: 'A new library states in LIBRARIES above what it may import.',
      severity: 'error',
      from: {},
      to: { path: '^libs/', pathNot: `^libs/${anyOf(Object.keys(LIBRARIES))}/` },
    },
    {
      name: 'libs-through-their-index',
      comment: 'Another library is reached as @switchyard/<lib>, that is through its src/index.ts.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'apps-through-the-index',
      comment: 'Applications and tests reach a library as @switchyard/<lib>, that is through its src/index.ts.',
      severity: 'error',
      from: { path: '^(apps|test|scripts)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-own-index',
      comment: "A library's files import each other directly; going through the own index makes a cycle.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: SPEC },
      to: { path: '^libs/$1/src/index\\.ts$' },
    },
    {
      name: 'nest-in-apps-only',
      comment: 'Nest wires the applications together; libraries are plain TypeScript.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nobody imports this file and it is no entry point: use it or delete it.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          SPEC,
          '\\.d\\.ts$',
          '^apps/[^/]+/src/(main|cli|process/worker-main)\\.ts$',
          '^libs/[^/]+/src/index\\.ts$',
          '^scripts/',
          // Loaded into the processes of experiments.
          '^test/chaos/shifted-clock\\.mjs$',
          '^[^/]+\\.mjs$',
        ],
      },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-package',
      comment: 'The package is not in package.json; it is only there because another package brought it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-development-package-in-product',
      comment: 'The package is a devDependency, which the product is installed without.',
      severity: 'error',
      from: { path: '^(apps|libs)/[^/]+/src/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'tests-for-tests-only',
      comment: 'The product does not use what was written for its tests; it is not even built.',
      severity: 'error',
      from: { path: '^(apps|libs|scripts)/', pathNot: SPEC },
      to: { path: SPEC },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Type imports vanish when compiled, but they tie files together all the same.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
