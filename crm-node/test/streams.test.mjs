import assert from 'node:assert/strict';
import { test } from 'node:test';

import { both, busy, until } from './support.mjs';

const ROWS = 3_000;
const { crm, sql } = await both({ maxConnections: 2 });
await crm.customers.createMany(Array.from({ length: ROWS }, (_, n) => ({ name: `c${n}`, tags: [`t${n % 2}`], notes: 'é'.repeat(n % 50) })));

const idle = () => until(async () => (await busy(sql)) === 0, 'a connection is still busy');

test('a stream reads every row once, in order, by its filter', async () => {
  const names = [];
  for await (const row of crm.customers.stream({ order: 'id', tagsAny: 't1' })) {
    names.push(row.name);
    assert.equal(row.notes, 'é'.repeat(Number(row.name.slice(1)) % 50) || null);
  }
  assert.deepEqual(names, Array.from({ length: ROWS / 2 }, (_, n) => `c${2 * n + 1}`));
  for await (const _ of crm.customers.stream({ ids: [] })) assert.fail('no row matches');
  await idle();
});

test('leaving the loop frees the connection, and so do return, `await using` and a stream that nobody holds', async () => {
  for (let n = 0; n < 5; n += 1) {
    for await (const row of crm.customers.stream()) {
      assert.equal(row.name, `c${ROWS - 1}`);
      break;
    }
    await assert.rejects(async () => {
      for await (const _ of crm.customers.stream()) throw new RangeError('mine');
    }, RangeError);
    const rows = crm.customers.stream();
    await rows.next();
    assert.deepEqual(await rows.return(), { done: true, value: undefined });
    assert.deepEqual(await rows.next(), { done: true, value: undefined });
    const disposed = crm.customers.stream();
    await disposed.next();
    await disposed[Symbol.asyncDispose]();
  }
  await idle();
});

test('a slow reader holds the server back, and reads one snapshot', async () => {
  let count = 0;
  for await (const _ of crm.customers.stream({ order: 'id' })) {
    count += 1;
    if (count === 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await crm.customers.create({ name: 'later' });
    }
  }
  assert.equal(count, ROWS);
  await crm.customers.delete((await crm.customers.list({ limit: 1 })).items[0].id);
});

test('several calls of next at once each get a row of their own', async () => {
  const rows = crm.customers.stream({ order: 'id' });
  const got = await Promise.all(Array.from({ length: 2_000 }, () => rows.next()));
  assert.deepEqual(got.map(({ value }) => value.name), Array.from({ length: 2_000 }, (_, n) => `c${n}`));
  await rows.return();
});

test('an abort and a lost connection end a stream with an error, not short', async () => {
  const controller = new AbortController();
  const read = async (stream, during) => {
    let count = 0;
    for await (const _ of stream) if ((count += 1) === 1) await during();
    return count;
  };
  const aborted = read(crm.customers.stream({}, { signal: controller.signal }), () => controller.abort());
  await assert.rejects(aborted, { name: 'AbortError' });
  const few = new AbortController();
  let seen = 0;
  await assert.rejects(async () => {
    for await (const _ of crm.customers.stream({ ids: [1, 2, 3, 4, 5] }, { signal: few.signal })) {
      if ((seen += 1) === 2) few.abort();
    }
  }, { name: 'AbortError' });
  assert.equal(seen, 2, 'nothing comes after an abort');
  const cut = read(crm.customers.stream(), () => sql.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crm' and datname = current_database()",
  ));
  await assert.rejects(cut, { code: 'unavailable' });
  await idle();
  assert.equal(await crm.customers.count(), ROWS);
});

test('return during a pending next ends both, and stops the server', async () => {
  await sql.query('begin');
  await sql.query('lock table crm.customers');
  const rows = crm.customers.stream();
  const pending = rows.next();
  await until(async () => (await busy(sql)) === 1);
  assert.deepEqual(await rows.return(), { done: true, value: undefined });
  assert.deepEqual(await pending, { done: true, value: undefined });
  await idle();
  await sql.query('commit');
  assert.deepEqual(await rows.next(), { done: true, value: undefined });
  const soon = crm.customers.stream();
  const first = soon.next();
  await Promise.resolve();
  await soon.return();
  assert.deepEqual(await first, { done: true, value: undefined });
});

test('an abort of an idle stream frees its connection at once, and is told once', async () => {
  const controller = new AbortController();
  const rows = crm.customers.stream({}, { signal: controller.signal });
  await rows.next();
  controller.abort();
  await idle();
  await assert.rejects(rows.next(), { name: 'AbortError' });
  assert.deepEqual(await rows.next(), { done: true, value: undefined });
});

test('leaving a stream of a transaction leaves the transaction usable', async () => {
  for (let n = 0; n < 20; n += 1) {
    await crm.transaction(async (tx) => {
      for await (const _ of tx.customers.stream()) break;
      assert.equal(await tx.customers.count(), ROWS);
    });
  }
  await idle();
});

test('a stream in a transaction sees its rows', async () => {
  await crm.transaction(async (tx) => {
    await tx.tasks.createMany([{ title: 'a' }, { title: 'b' }]);
    const titles = [];
    for await (const { title } of tx.tasks.stream({ order: 'title' })) {
      titles.push(title);
      assert.equal(await tx.tasks.count(), 2);
    }
    assert.deepEqual(titles, ['a', 'b']);
  });
});
