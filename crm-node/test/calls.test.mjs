import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { CrmError, connect } from 'crm-node';

import { both, busy, database, open, until } from './support.mjs';

test('an error is a CrmError whose stack leads to the caller', async () => {
  const crm = await open();
  async function theCaller() {
    await crm.customers.get(7);
  }
  const error = await theCaller().then(assert.fail, (error) => error);
  assert.ok(error instanceof CrmError && error instanceof Error);
  assert.ok(!(new Error('x') instanceof CrmError));
  assert.match(error.stack, /^CrmError: there is no customer with id 7\n/);
  assert.match(error.stack, /theCaller .*calls\.test\.mjs/);
  const { code, status, retryable, outcomeUnknown, entity, id } = error;
  assert.deepEqual({ code, status, retryable, outcomeUnknown, entity, id }, {
    code: 'not_found', status: 404, retryable: false, outcomeUnknown: false, entity: 'customer', id: 7,
  });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    name: 'CrmError', message: 'there is no customer with id 7', code, status, retryable, outcomeUnknown, entity, id,
  });
  const aborted = await crm.customers.get(7, { signal: AbortSignal.abort() }).catch((error) => error);
  assert.match(aborted.stack, /^AbortError.*\n.*calls\.test\.mjs/);
  assert.deepEqual(Object.keys(error), ['code', 'status', 'retryable', 'outcomeUnknown', 'entity', 'id']);
});

test('conflicts and missing references name the field as JavaScript spells it', async () => {
  const crm = await open();
  await crm.users.create({ name: 'a', email: 'a@b.co', password: 'correct horse' });
  await assert.rejects(crm.users.create({ name: 'b', email: 'A@B.co', password: 'correct horse' }), {
    code: 'conflict', field: 'email',
  });
  await assert.rejects(crm.leads.create({ title: 'a', assignedTo: 9 }), { code: 'missing_reference', field: 'assignedTo' });
  await assert.rejects(crm.tasks.create({ title: 'a', customerId: 9 }), {
    code: 'missing_reference', message: 'customerId refers to a row that does not exist',
  });
});

test('a server that cannot be reached is unavailable, with its cause and without the password', async () => {
  const error = await connect('postgres://u:s3cret@127.0.0.1:1/db').then(assert.fail, (error) => error);
  assert.equal(error.code, 'unavailable');
  assert.equal(error.retryable, true);
  assert.ok(error.cause instanceof Error);
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('s3cret'));
  await assert.rejects(connect('nonsense'), { code: 'validation' });
  await assert.rejects(connect('postgres://x/y', { maxConnections: 4_294_967_295 }), { code: 'validation' });
  await assert.rejects(connect('postgres://x', { maxConnections: 0, maxConections: 1 }), (error) =>
    error.violations.some(({ field }) => field === 'maxConections'));
  delete process.env.CRM_DATABASE_URL;
  await assert.rejects(connect(), (error) => error.violations[0].field === 'url');
  process.env.CRM_DATABASE_URL = await database();
  const crm = await connect();
  assert.equal(await crm.customers.count(), 0);
  await crm.close();
  await crm.close();
  await assert.rejects(crm.customers.count(), { code: 'closed' });
});

test('reports are a replica\'s outside a transaction', async () => {
  const [primary, replica] = [await database(), await database()];
  await (await open(replica)).leads.create({ title: "The replica's" });
  const crm = await open(primary, { replica });
  const known = async (store) => (await store.reports.pipeline()).reduce((sum, { count }) => sum + count, 0);
  assert.equal(await known(crm), 1);
  assert.equal(await crm.leads.count(), 0);
  await crm.transaction(async (tx) => assert.equal(await known(tx), 0));
  const bounded = await open(primary, { replica, maxStaleness: 60_000 });
  assert.equal(await known(bounded), 0, 'it is no replica that is known to be fresh');
  assert.equal(await known(await open(primary, { replica: 'postgres://nobody@127.0.0.1:1/nowhere' })), 0);
  await assert.rejects(connect(primary, { replica: 'nonsense' }), (error) => error.violations[0].field === 'replica');
  await assert.rejects(connect(primary, { maxStaleness: 1 }), (error) => error.violations[0].field === 'maxStaleness');
});

test('`await using` closes', async () => {
  const crm = await connect(await database());
  await crm[Symbol.asyncDispose]();
  await assert.rejects(crm.customers.count(), { code: 'closed' });
});

test('an aborted call rejects with AbortError, stops its work and leaves a clean handle', async () => {
  const { crm, sql } = await both({ maxConnections: 1 });
  const { id } = await crm.customers.create({ name: 'a' });
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  const aborted = (error) => error.name === 'AbortError' && error.code === 'ABORT_ERR' && error.cause === 'mine';
  await assert.rejects(crm.customers.get(id, { signal: AbortSignal.abort('mine') }), aborted);
  const controller = new AbortController();
  const call = crm.customers.update(id, { name: 'b' }, { signal: controller.signal });
  await until(async () => (await busy(sql)) === 1);
  controller.abort('mine');
  await assert.rejects(call, aborted);
  await until(async () => (await busy(sql)) === 0, 'the server goes on');
  await sql.query('commit');
  assert.equal((await crm.customers.get(id, { signal: new AbortController().signal })).name, 'a');
});

test('a signal may fire after the call, and is not listened to any more', async () => {
  const { crm, sql } = await both();
  const controller = new AbortController();
  let listeners = 0;
  let most = 0;
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => {
    most = Math.max(most, (listeners += 1));
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args) => ((listeners -= 1), removeEventListener.apply(signal, args));
  await crm.customers.count({}, { signal });
  await crm.customers.get(7, { signal }).catch(() => {});
  assert.equal(listeners, 0);
  const calls = Array.from({ length: 50 }, () => crm.customers.count({}, { signal }));
  await Promise.all(calls);
  assert.deepEqual([listeners, most], [0, 1], 'Node warns of more than a few');
  await sql.query('begin');
  await sql.query('lock table crm.customers');
  const all = Array.from({ length: 50 }, () => crm.customers.count({}, { signal }));
  controller.abort();
  for (const { reason } of await Promise.allSettled(all)) assert.equal(reason.name, 'AbortError');
  await sql.query('commit');
});

test('1,000 aborted calls leave no busy connection', async () => {
  const { crm, sql } = await both();
  await crm.customers.createMany(Array.from({ length: 500 }, (_, n) => ({ name: `c${n}` })));
  const results = await Promise.allSettled(
    Array.from({ length: 1_000 }, async (_, n) => {
      const controller = new AbortController();
      const call = crm.customers.list({ limit: 500 }, { signal: controller.signal });
      if (n % 3 === 0) setTimeout(() => controller.abort(), n % 17);
      else if (n % 3 === 1) setImmediate(() => controller.abort());
      else controller.abort();
      return await call;
    }),
  );
  for (const { status, reason } of results) assert.ok(status === 'fulfilled' || reason.name === 'AbortError', String(reason));
  assert.ok(results.filter(({ status }) => status === 'rejected').length > 600);
  assert.equal((await crm.customers.list({ limit: 500 })).items.length, 500);
  await until(async () => (await busy(sql)) === 0);
});

test('10,000 concurrent creates complete in bounded memory', async () => {
  const { crm, sql } = await both();
  const before = process.memoryUsage().rss;
  const made = await Promise.all(Array.from({ length: 10_000 }, (_, n) => crm.customers.create({ name: `c${n}` })));
  assert.equal(new Set(made.map((row) => row.id)).size, 10_000);
  made.forEach((row, n) => assert.equal(row.name, `c${n}`));
  assert.equal(await crm.customers.count(), 10_000);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 300, `${grown} MB`);
  await until(async () => (await busy(sql)) === 0);
});

test('timers have their turn while thousands of calls are under way', async () => {
  const { crm } = await both();
  let turns = 0;
  let done = false;
  const turn = () => {
    turns += 1;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(Array.from({ length: 5_000 }, () => crm.customers.count()));
  done = true;
  assert.ok(turns > 10, `${turns} turns`);
});

test('results with much text come in parts, and one that no string can hold is an error of its own', async () => {
  const { crm } = await both();
  const notes = 'x'.repeat(100_000);
  const ids = await crm.customers.createMany(Array.from({ length: 100 }, (_, n) => ({ name: `c${n}`, notes })));
  const many = await Promise.all(Array.from({ length: 8 }, () => crm.customers.getMany(ids)));
  for (const rows of many) assert.ok(rows.length === 100 && rows[99].notes === notes);
  await assert.rejects(crm.customers.getMany(Array(5_500).fill(ids[0])), { code: 'internal' });
  assert.equal(await crm.customers.count(), 100);
});

test('calls that a hook makes while others are settled disturb nothing', async () => {
  const { crm } = await both();
  let made = 0;
  const hook = createHook({
    promiseResolve() {
      if (made < 5) (made += 1), crm.customers.get('x').catch(() => {});
    },
  }).enable();
  await Promise.all(Array.from({ length: 20 }, () => crm.customers.count()));
  hook.disable();
  assert.equal(made, 5);
});

test('a terminated backend is unavailable for a write, and the next call works', async () => {
  const { crm, sql } = await both({ maxConnections: 1 });
  const { id } = await crm.customers.create({ name: 'a' });
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  const call = crm.customers.update(id, { name: 'b' });
  call.catch(() => {});
  await until(async () => (await busy(sql)) === 1);
  await sql.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crm' and datname = current_database()");
  await assert.rejects(call, { code: 'unavailable', retryable: false, outcomeUnknown: true });
  await sql.query('commit');
  assert.equal((await crm.customers.get(id)).name, 'a');
});

test('timeouts and deadlocks have their codes', async () => {
  const { crm, sql } = await both({ statementTimeout: 100, acquireTimeout: 100, maxConnections: 1 });
  const { id } = await crm.customers.create({ name: 'a' });
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  await assert.rejects(crm.customers.update(id, { name: 'b' }), { code: 'timeout', retryable: true });
  await sql.query('rollback');
  await crm.transaction(async () => {
    await assert.rejects(crm.customers.count(), { code: 'timeout' });
  });
  assert.equal(await crm.customers.count(), 1);
});

test('faked timers stop no call', async (t) => {
  const crm = await open();
  const rows = Array.from({ length: 1000 }, (_, n) => ({ name: `c${n}`, notes: 'x'.repeat(100) }));
  await crm.customers.createMany(rows);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  // More than is handed over in one turn of the loop.
  const pages = await Promise.all(Array.from({ length: 40 }, () => crm.customers.list({ limit: 1000 })));
  assert.ok(pages.every((page) => page.items.length === 1000));
  let streamed = 0;
  for await (const _ of crm.customers.stream()) streamed += 1;
  assert.equal(streamed, 1000);
  await crm.close();
});
