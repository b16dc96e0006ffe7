// Backup and restore: the progress, what aborts, what is refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { PHASES } from 'crm-node';

import { database, open } from './support.mjs';

const directories = [];
after(() => directories.forEach((directory) => rmSync(directory, { recursive: true })));

/** Makes a directory of a test's own. */
function directory() {
  const made = mkdtempSync(join(tmpdir(), 'crm-backup-'));
  directories.push(made);
  return made;
}

/** Connects to a database that has some rows. */
async function filled() {
  const crm = await open();
  await crm.seed();
  await crm.customers.createMany(Array.from({ length: 500 }, (_, n) => ({ name: `Customer ${n}`, tags: ['a', 'b "c"'] })));
  return crm;
}

const bare = async () => open(await database({ migrated: false }));

const phases = (seen) => seen.map(({ phase }) => phase).filter((phase, n, all) => phase !== all[n - 1]);

test('a restored database has what was backed up, and progress is told', async () => {
  const crm = await filled();
  const path = join(directory(), 'crm.dump');
  const [seen, restored] = [[], []];
  const manifest = await crm.backup(path, { progress: (now) => seen.push(now) });
  const dump = readFileSync(path);
  assert.equal(manifest.bytes, dump.length);
  assert.equal(manifest.sha256, createHash('sha256').update(dump).digest('hex'));
  assert.equal(manifest.rows.customers, await crm.customers.count());
  assert.ok(manifest.takenAt instanceof Date);
  assert.equal(manifest.schemaVersion, await crm.schemaVersion());
  assert.equal(JSON.parse(readFileSync(`${path}.json`)).sha256, manifest.sha256);
  assert.deepEqual(phases(seen), ['counting', 'dumping', 'hashing']);

  const other = await bare();
  assert.deepEqual(await other.restore(path, { progress: (now) => restored.push(now) }), manifest);
  assert.deepEqual(phases(restored), ['hashing', 'schema', 'loading', 'indexing', 'counting']);
  const total = Object.values(manifest.rows).reduce((sum, rows) => sum + rows, 0);
  for (const told of [seen, restored]) {
    assert.ok(told.every(({ phase, rows }, n) => PHASES.includes(phase) && rows >= (told[n - 1]?.rows ?? 0)));
    assert.deepEqual([told.at(-1).rows, told.at(-1).totalRows], [total, total]);
  }
  assert.deepEqual(await other.customers.list({ limit: 1000 }), await crm.customers.list({ limit: 1000 }));
  assert.deepEqual(await other.reports.pipeline(), await crm.reports.pipeline());
});

test('what progress throws, and a signal, end the call and leave nothing', { timeout: 60_000 }, async () => {
  const [crm, other, place] = [await filled(), await bare(), directory()];
  const path = join(place, 'crm.dump');
  for (const moment of [1, 2, 3, 4]) {
    const controller = new AbortController();
    const stops = (stop) => {
      let told = 0;
      return () => {
        if ((told += 1) === moment) stop();
      };
    };
    const enough = new Error('enough');
    const throws = () => stops(() => {
      throw enough;
    });
    const aborts = () => stops(() => controller.abort());
    const { signal } = controller;
    await assert.rejects(crm.backup(path, { progress: throws() }), enough);
    const rejects = throws();
    await assert.rejects(crm.backup(path, { progress: async (now) => rejects(now) }), enough);
    assert.deepEqual(readdirSync(place), []);
    await assert.rejects(crm.backup(path, { progress: aborts(), signal }), { name: 'AbortError' });
    assert.deepEqual(readdirSync(place), []);
    await crm.backup(path);
    await assert.rejects(other.restore(path, { progress: throws() }), enough);
    const again = new AbortController();
    const abortsAgain = stops(() => again.abort());
    await assert.rejects(other.restore(path, { progress: abortsAgain, signal: again.signal }), { name: 'AbortError' });
    unlinkSync(path);
    unlinkSync(`${path}.json`);
  }
  await assert.rejects(crm.backup(path, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  const both = new AbortController();
  const abortsAndThrows = () => {
    both.abort();
    throw new Error('enough');
  };
  await assert.rejects(crm.backup(path, { progress: abortsAndThrows, signal: both.signal }), { name: 'AbortError' });
  const [late, never] = [new AbortController(), new Promise(() => {})];
  const stuck = () => (setTimeout(() => late.abort(), 10), never);
  await assert.rejects(crm.backup(path, { progress: stuck, signal: late.signal }), { name: 'AbortError' });
  assert.deepEqual(readdirSync(place), []);
  await crm.backup(path);
  await other.restore(path);
  assert.equal(await other.customers.count(), await crm.customers.count());
});

test('wrong values and paths are told', async () => {
  const [crm, place] = [await filled(), directory()];
  const path = join(place, 'crm.dump');
  const violation = (field, code) => (error) => {
    assert.deepEqual([error.code, error.violations.map(({ field, code }) => [field, code])], ['validation', [[field, code]]]);
    return true;
  };
  await assert.rejects(crm.backup(), violation('path', 'required'));
  await assert.rejects(crm.backup(1), violation('path', 'invalid_type'));
  await assert.rejects(crm.backup(path, { progress: 1 }), violation('progress', 'invalid_type'));
  await assert.rejects(crm.backup(path, { other: 1 }), violation('other', 'unknown_field'));
  await assert.rejects(crm.backup(path, 1), violation('options', 'invalid_type'));
  await assert.rejects(crm.backup(place), violation('path', 'invalid_option'));
  await assert.rejects(crm.restore(path), violation('path', 'invalid_option'));
  assert.deepEqual(readdirSync(place), []);
  await crm.backup(path);
  await assert.rejects(crm.restore(path), { code: 'schema' });
  unlinkSync(`${path}.json`);
  await assert.rejects(crm.restore(path), violation('path', 'invalid_backup'));
  assert.equal(crm.actingAs(1).backup, undefined);
});

test('an error of a backup leads to the caller', async () => {
  const crm = await open();
  async function theCaller() {
    await crm.backup('/nowhere/crm.dump');
  }
  const error = await theCaller().then(assert.fail, (error) => error);
  assert.match(error.stack, /theCaller .*backup\.test\.mjs/);
});
