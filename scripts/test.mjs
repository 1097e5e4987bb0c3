// `npm test`: Jest with the flags that it needs for ES modules, and one closing line that counts: `12 passed, 0 failed`.
// Arguments are passed on: `npm test -- libs/routing` runs the suites whose path matches.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureTestServices } from './test-services.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/**
 * @typedef {object} Counts
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numRuntimeErrorTestSuites files that could not even be loaded
 */

/**
 * @param {string} reportPath
 * @returns {Counts | null} null when Jest ended before it could write its report
 */
function readCounts(reportPath) {
  try {
    /** @type {unknown} */
    const report = JSON.parse(readFileSync(reportPath, 'utf8'));
    return /** @type {Counts} */ (report);
  } catch {
    return null;
  }
}

const lacking = ensureTestServices();
if (lacking !== null) {
  process.stderr.write(`${lacking}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'switchyard-test-'));
const reportPath = join(folder, 'report.json');
const run = spawnSync(
  process.execPath,
  [...NODE_FLAGS, JEST, '--json', `--outputFile=${reportPath}`, ...process.argv.slice(2)],
  // The report goes to the file; its copy on the standard output would bury everything else.
  { cwd: ROOT, stdio: ['inherit', 'ignore', 'inherit'] },
);
const counts = readCounts(reportPath);
rmSync(folder, { recursive: true, force: true });

const passed = counts?.numPassedTests ?? 0;
const failed = counts === null ? 1 : counts.numFailedTests + counts.numRuntimeErrorTestSuites;
if (counts !== null && counts.numPendingTests > 0) process.stdout.write(`${counts.numPendingTests} skipped\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = run.status === 0 && failed === 0 && passed > 0 ? 0 : 1;
