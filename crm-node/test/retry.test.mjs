import assert from 'node:assert/strict';
import { test } from 'node:test';

import { both, busy, database, open, raw, until } from './support.mjs';

/** Makes a library all of whose transactions are serializable, and a client that comes in between. */
async function contended(options) {
  const url = await database();
  const crm = await open(`${url}&options[default_transaction_isolation]=serializable`, options);
  const sql = await raw(url);
  const { id } = await crm.leads.create({ title: 'Deal', value: '0' });
  return { crm, sql, id };
}

/** Reads a value and writes one more. */
async function addOne(tx, id) {
  const value = Number((await tx.leads.get(id)).value) + 1;
  await tx.leads.update(id, { value });
  return value;
}

/** Reads, lets somebody else be faster, and writes, which then is refused. */
async function tooLate(tx, sql, id) {
  const { value } = await tx.leads.get(id);
  await sql.query('update crm.leads set value = value + 100 where id = $1', [id]);
  await tx.leads.update(id, { value });
}

test('no addition of many at once is lost', async () => {
  const { crm, id } = await contended();
  const adding = Array.from({ length: 16 }, () => crm.retry((tx) => addOne(tx, id), { attempts: 2 ** 32 - 1 }));
  const seen = (await Promise.all(adding)).sort((a, b) => a - b);
  assert.deepEqual(seen, Array.from({ length: 16 }, (_, n) => n + 1));
  assert.equal((await crm.leads.get(id)).value, '16.00');
});

test('what lost is run again, to the limit', async () => {
  const { crm, sql, id } = await contended();
  let runs = 0;
  const done = await crm.retry(async (tx) => {
    runs += 1;
    if (runs <= 2) await tooLate(tx, sql, id);
    return addOne(tx, id);
  });
  assert.deepEqual([runs, done], [3, 201]);
  for (const [options, expected] of [[undefined, 10], [{}, 10], [{ attempts: undefined }, 10], [{ attempts: 3 }, 3], [{ attempts: 1 }, 1]]) {
    runs = 0;
    const lost = crm.retry((tx) => ((runs += 1), tooLate(tx, sql, id)), options);
    await assert.rejects(lost, { code: 'serialization' });
    assert.equal(runs, expected);
  }
  assert.equal(await busy(sql), 0);
});

test('a commit that is refused is run again', async () => {
  const { crm, id: a } = await contended();
  const { id: b } = await crm.leads.create({ title: 'Other', value: '0' });
  const sum = async (tx) => Number((await tx.leads.get(a)).value) + Number((await tx.leads.get(b)).value);
  let runs = 0;
  await crm.retry(async (tx) => {
    runs += 1;
    await tx.leads.update(a, { value: (await sum(tx)) + 1 });
    if (runs === 1) await crm.transaction(async (other) => other.leads.update(b, { value: (await sum(other)) + 10 }));
  });
  assert.deepEqual([runs, (await crm.leads.get(a)).value], [2, '11.00']);
});

test('anything else rolls back and is thrown on as it is', async () => {
  const { crm, sql } = await both({ maxConnections: 1 });
  let runs = 0;
  for (const mine of [new RangeError('mine'), undefined, { code: 'serialization' }]) {
    const failing = crm.retry(async (tx) => {
      runs += 1;
      await tx.customers.create({ name: 'a' });
      throw mine;
    });
    assert.equal(await failing.then(assert.fail, (error) => error), mine);
  }
  await assert.rejects(crm.retry((tx) => ((runs += 1), tx.customers.get(99))), { code: 'not_found' });
  assert.equal(runs, 4);
  assert.equal(await crm.customers.count(), 0);
  assert.equal(await busy(sql), 0);
});

test('a loss that was swallowed rejects with closed', async () => {
  const { crm, sql, id } = await contended();
  let runs = 0;
  const swallowing = crm.retry(async (tx) => {
    runs += 1;
    await assert.rejects(tooLate(tx, sql, id), { code: 'serialization' });
  });
  await assert.rejects(swallowing, { code: 'closed' });
  assert.equal(runs, 1);
});

test('aborting in a run or in a pause rolls back and rejects at once', async () => {
  const { crm, sql, id } = await contended({ maxConnections: 1 });
  for (const work of [
    async (tx, controller) => {
      await addOne(tx, id);
      controller.abort();
      await new Promise(() => {});
    },
    async (tx, controller) => {
      // From a later turn of the loop, which comes in the pause or the next run.
      setTimeout(() => controller.abort(), 5);
      await tooLate(tx, sql, id);
    },
  ]) {
    const controller = new AbortController();
    const aborted = crm.retry((tx) => work(tx, controller), { signal: controller.signal, attempts: 2 ** 32 - 1 });
    await assert.rejects(aborted, { name: 'AbortError' });
    await until(async () => (await busy(sql)) === 0);
  }
  const before = AbortSignal.abort();
  await assert.rejects(crm.retry(() => assert.fail('it does not begin'), { signal: before }), { name: 'AbortError' });
  assert.equal(Number((await crm.leads.get(id)).value) % 100, 0);
});

test('a user runs again in the own name', async () => {
  const { crm, sql, id } = await contended();
  const ann = await crm.users.create({ name: 'Ann', email: 'ann@example.com', password: 'correct horse' });
  let runs = 0;
  await crm.actingAs(ann.id).retry(async (tx) => {
    runs += 1;
    if (runs === 1) await tooLate(tx, sql, id);
    await addOne(tx, id);
  });
  assert.deepEqual([runs, (await crm.leads.get(id)).updatedBy], [2, ann.id]);
  await assert.rejects(crm.actingAs(ann.id).retry((tx) => tx.users.delete(ann.id)), { code: 'permission_denied' });
});

test('wrong options and no function are refused by name', async () => {
  const { crm } = await both();
  for (const [options, expected] of [
    [{ attempts: 0 }, 'attempts out_of_range'],
    [{ attempts: -1 }, 'attempts out_of_range'],
    [{ attempts: 2 ** 32 }, 'attempts out_of_range'],
    [{ attempts: 1.5 }, 'attempts invalid_type'],
    [{ attempts: '3' }, 'attempts invalid_type'],
    [{ attempt: 3 }, 'attempt unknown_field'],
    [{ signal: 7 }, 'signal invalid_type'],
    [7, 'options invalid_type'],
  ]) {
    const refused = crm.retry(() => assert.fail('it does not begin'), options);
    const { violations } = await refused.then(assert.fail, (error) => error);
    assert.deepEqual(violations.map(({ field, code }) => `${field} ${code}`), [expected]);
  }
  await assert.rejects(crm.retry(), (error) => error.violations[0].field === 'work');
});
