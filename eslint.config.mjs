import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Tests, and what only tests use. */
const SPECS = ['**/*.spec.ts', '**/*.fixture.ts', '**/__fixtures__/**/*.ts', '**/testing/**/*.ts', 'test/**/*.ts'];

/** Libraries whose answer depends on their arguments alone; `.dependency-cruiser.mjs` keeps I/O out of their imports. */
const PURE_LIBS = ['contract', 'conversation', 'dialects', 'catalog', 'routing'].map(
  (lib) => `libs/${lib}/src/**/*.ts`,
);

const WITHOUT_CLOCK_OR_CHANCE = [
  { object: 'Date', property: 'now', message: 'A pure library gets the time as an argument.' },
  { object: 'performance', property: 'now', message: 'A pure library gets the time as an argument.' },
  { object: 'Math', property: 'random', message: 'A pure library gets a seed as an argument.' },
];

const WITHOUT_ENVIRONMENT = [
  { object: 'process', property: 'env', message: 'The environment is read once, by the configuration.' },
];

const WITHOUT_LAZY_LIBRARIES = {
  selector: 'ImportExpression[source.value=/^@switchyard/]',
  message: 'The build resolves @switchyard/<lib> in static imports only.',
};

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/']),

  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,

  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': ['error', ...WITHOUT_ENVIRONMENT],
      'no-restricted-syntax': ['error', WITHOUT_LAZY_LIBRARIES],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(\\.\\./)+libs/', message: 'Reach a library by its name: @switchyard/<lib>.' },
            {
              regex: '^@switchyard/[^/]+/',
              message: 'A library is reached through its index.ts only: @switchyard/<lib>.',
            },
            {
              // Applications start one another through their index; libraries have names.
              regex: '^(\\.\\./)+(?!(?:simulator|worker)/src/index\\.js$)[a-z]+/src/',
              message: 'Reach another library by its name: @switchyard/<lib>.',
            },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A `default` that handles the rest is a decision; a missing member without one is an oversight.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A Nest module is a class that holds nothing but its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // Nest declares its options as classes, and takes literals of their shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `() => doIt()` as a callback is the common way to write it, and nobody reads the undefined.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Numbers print the same everywhere; everything else must say how it becomes text.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `while (true)` is the plain way to write a scanner's loop.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // The underscore says "the signature asks for it, this implementation does not".
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },

  {
    files: PURE_LIBS,
    ignores: SPECS,
    rules: {
      'no-restricted-properties': ['error', ...WITHOUT_ENVIRONMENT, ...WITHOUT_CLOCK_OR_CHANCE],
      'no-restricted-globals': [
        'error',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'process',
      ],
      'no-restricted-syntax': [
        'error',
        WITHOUT_LAZY_LIBRARIES,
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'A pure library gets the time as an argument.',
        },
      ],
    },
  },

  {
    // The one place that reads the environment, and the tools that run outside of the product.
    files: ['apps/*/src/config/**/*.ts', 'scripts/**', 'test/**'],
    rules: { 'no-restricted-properties': 'off' },
  },

  {
    // `require-await` asks for less than a caller does: a decorated handler may be async to answer a promise.
    files: ['apps/**/*.controller.ts'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },

  {
    files: SPECS,
    rules: {
      // A suite is one long `describe`, and a table of cases is as long as there are cases.
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      // Answers are looked into as untyped JSON: `expect(response.body.error.type)` fails by itself when the shape is wrong.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // In a test a wrong `!` is a failing test, which is what a test is for.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `expect(object.method)` looks at a method without calling it.
      '@typescript-eslint/unbound-method': 'off',
      // A stand-in implements an asynchronous interface without waiting for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Cutting text at every place, code points included or not, is what such a test is about.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },

  {
    // Plain JavaScript that runs before anything is built, on whatever Node started it.
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        URL: 'readonly',
      },
    },
  },

  prettier,
);
