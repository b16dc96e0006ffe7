// Runs the tests on one server: node run.mjs [node's options] FILE…
import { spawn } from 'node:child_process';

import { serve } from './server.mjs';

const server = await serve();
// One file after the other, as several would want more connections than the server has.
const tests = spawn(process.execPath, ['--test', '--test-concurrency=1', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, CRM_TEST_SERVER: server.url },
});
tests.on('close', async (code) => {
  await server.close();
  process.exitCode = code ?? 1;
});
