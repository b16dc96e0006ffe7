import assert from 'node:assert/strict';
import { test } from 'node:test';

import { both, busy, until } from './support.mjs';

test('a transaction commits on return and hands its value on', async () => {
  const { crm } = await both();
  const id = await crm.transaction(async (tx) => {
    const { id } = await tx.customers.create({ name: 'a' });
    assert.equal(await crm.customers.find(id), null, 'nobody else sees it yet');
    await tx.leads.create({ title: 'b', customerId: id });
    return id;
  });
  assert.equal((await crm.customers.get(id)).name, 'a');
  assert.equal(await crm.transaction(() => 7), 7);
});

test('what is thrown rolls back and is thrown on as it is', async () => {
  const { crm, sql } = await both();
  const mine = new RangeError('mine');
  const work = async (tx) => {
    await tx.customers.create({ name: 'a' });
    throw mine;
  };
  assert.equal(await crm.transaction(work).then(assert.fail, (error) => error), mine);
  await assert.rejects(crm.transaction(() => { throw mine; }), mine);
  assert.equal(await crm.customers.count(), 0);
  await until(async () => (await busy(sql)) === 0);
});

test('errors of the library leave it usable, those of the database finish it', async () => {
  const { crm } = await both();
  await crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'a' });
    await assert.rejects(tx.customers.create({ name: '' }), { code: 'validation' });
    await assert.rejects(tx.customers.get(99), { code: 'not_found' });
    await assert.rejects(tx.customers.update(1, { name: 'b' }, { expectedVersion: 9 }), { code: 'conflict' });
  });
  assert.equal(await crm.customers.count(), 1);
  const swallowed = crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'b' });
    await assert.rejects(tx.leads.create({ title: 'a', customerId: 99 }), { code: 'missing_reference' });
    await assert.rejects(tx.customers.count(), { code: 'closed' });
  });
  await assert.rejects(swallowed, { code: 'closed' });
  assert.equal(await crm.customers.count(), 1);
});

test('it is over when its function has ended', async () => {
  const { crm } = await both();
  let kept;
  await crm.transaction((tx) => { kept = tx; });
  await assert.rejects(kept.customers.count(), { code: 'closed' });
  await assert.rejects(kept.transaction(() => {}), { code: 'closed' });
});

test('concurrent calls queue, also those that nobody has awaited', async () => {
  const { crm } = await both();
  await crm.transaction(async (tx) => {
    const rows = await Promise.all(Array.from({ length: 50 }, (_, n) => tx.customers.create({ name: `c${n}` })));
    assert.deepEqual(rows.map((row) => row.name), Array.from({ length: 50 }, (_, n) => `c${n}`));
    tx.customers.create({ name: 'not awaited' });
  });
  assert.equal(await crm.customers.count(), 51);
});

test('an aborted call finishes it, and aborting the whole rolls back at once', async () => {
  const { crm, sql } = await both();
  // Or the answer could be there before the call is aborted.
  await sql.query('begin');
  await sql.query('lock table crm.leads');
  const aborted = crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'a' });
    const controller = new AbortController();
    const call = tx.leads.list({}, { signal: controller.signal });
    controller.abort();
    await assert.rejects(call, { name: 'AbortError' });
  });
  await assert.rejects(aborted, { code: 'closed' });
  await sql.query('rollback');
  const controller = new AbortController();
  let late;
  const whole = crm.transaction(
    async (tx) => {
      await tx.customers.create({ name: 'a' });
      controller.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
      late = await tx.customers.count().catch((error) => error);
    },
    { signal: controller.signal },
  );
  await assert.rejects(whole, { name: 'AbortError' });
  await until(() => late !== undefined);
  assert.equal(late.code, 'closed');
  assert.equal(await crm.customers.count(), 0);
  await until(async () => (await busy(sql)) === 0);
});

test('createMany has its turn like every other call', async () => {
  const { crm } = await both();
  const rows = Array.from({ length: 5_000 }, (_, n) => ({ title: `t${n}` }));
  await crm.transaction(async (tx) => {
    const [ids, count] = await Promise.all([tx.leads.createMany(rows), tx.leads.count()]);
    assert.deepEqual([ids.length, count], [5_000, 5_000]);
    tx.leads.createMany(rows);
  });
  assert.equal(await crm.leads.count(), 10_000);
});

test('a nested transaction begins after the calls that were made before it', async () => {
  const { crm } = await both();
  await crm.transaction(async (tx) => {
    const create = (name) => tx.customers.create({ name });
    await Promise.all([create('a'), create('b'), create('c'), tx.transaction((nested) => nested.customers.create({ name: 'd' }))]);
  });
  assert.equal(await crm.customers.count(), 4);
});

test('aborting, and throwing, break off a call under way', async () => {
  const { crm, sql } = await both();
  const { id } = await crm.customers.create({ name: 'a' });
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  const controller = new AbortController();
  const aborted = crm.transaction((tx) => tx.customers.update(id, { name: 'b' }), { signal: controller.signal });
  aborted.catch(() => {});
  await until(async () => (await busy(sql)) === 1);
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  await until(async () => (await busy(sql)) === 0, 'the server goes on');
  let pending;
  const thrown = crm.transaction(async (tx) => {
    pending = tx.customers.update(id, { name: 'b' }).catch((error) => error.code);
    await until(async () => (await busy(sql)) === 1);
    throw new RangeError('mine');
  });
  await assert.rejects(thrown, RangeError);
  assert.equal(await pending, 'closed');
  await until(async () => (await busy(sql)) === 0, 'the server goes on');
  await sql.query('commit');
  assert.equal((await crm.customers.get(id)).name, 'a');
});

test('a transaction of a user is in the name of that user', async () => {
  const { crm } = await both();
  const user = await crm.users.create({ name: 'U', email: 'u@example.com', password: 'correct horse' });
  const acme = await crm.actingAs(user.id).transaction(async (tx) => tx.customers.create({ name: 'a' }));
  assert.equal(acme.createdBy, user.id);
  const forbidden = crm.actingAs(user.id).transaction((tx) => tx.customers.delete(acme.id));
  await assert.rejects(forbidden, { code: 'permission_denied' });
});

test('serialization failures say that they may be retried', async () => {
  const { crm, sql } = await both();
  const [a, b] = await crm.customers.createMany([{ name: 'a' }, { name: 'b' }]);
  await sql.query("set deadlock_timeout = '10s'");
  await sql.query('begin');
  await sql.query('update crm.customers set notes = $1 where id = $2', ['x', b]);
  const error = await crm.transaction(async (tx) => {
    await tx.customers.update(a, { notes: 'y' });
    const theirs = sql.query('update crm.customers set notes = $1 where id = $2', ['x', a]);
    theirs.catch(() => {});
    await tx.customers.update(b, { notes: 'y' });
  }).then(assert.fail, (error) => error);
  assert.deepEqual([error.code, error.retryable], ['serialization', true]);
});

const getOrCreate = async (tx, email) => {
  try {
    return await tx.transaction((nested) => nested.users.create({ name: 'Ann', email, password: 'correct horse' }));
  } catch (error) {
    if (error.code !== 'conflict') throw error;
    return await tx.users.findByEmail(email);
  }
};

test('a user is found or created in a nested transaction', async () => {
  const { crm } = await both();
  const ann = await crm.transaction(async (tx) => {
    const ann = await getOrCreate(tx, 'ann@example.com');
    assert.deepEqual(await getOrCreate(tx, 'ANN@example.com'), ann);
    await tx.leads.create({ title: 'a', assignedTo: ann.id });
    return ann;
  });
  assert.equal(await crm.leads.count({ assignedTo: ann.id }), 1);
});

test('what is thrown undoes only the nested one, at any depth', async () => {
  const { crm } = await both();
  const mine = new RangeError('mine');
  await crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'outer' });
    const work = async (nested) => {
      await nested.transaction((innermost) => innermost.customers.create({ name: 'innermost' }));
      assert.equal(await nested.customers.count(), 2);
      await assert.rejects(tx.customers.count(), { code: 'closed' });
      throw mine;
    };
    await assert.rejects(tx.transaction(work), mine);
    assert.equal(await tx.customers.count(), 1);
  });
  assert.equal(await crm.customers.count(), 1);
});

test('siblings take turns', async () => {
  const { crm } = await both();
  await crm.transaction(async (tx) => {
    const work = (n) => async (nested) => {
      await nested.customers.create({ name: `c${n}` });
      if (n % 2) throw new RangeError('mine');
    };
    const ended = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => tx.transaction(work(n))));
    assert.deepEqual(ended.map(({ status }) => status === 'fulfilled'), ended.map((_, n) => n % 2 === 0));
    assert.equal(await tx.customers.count(), 20);
  });
  assert.equal(await crm.customers.count(), 20);
});

test('a sibling waits no longer than the call timeout, and nothing is finished', async () => {
  const { crm } = await both({ callTimeout: 300 });
  await crm.transaction((tx) => tx.transaction(async (nested) => {
    await assert.rejects(tx.transaction(() => {}), { code: 'timeout', outcomeUnknown: false });
    await nested.customers.create({ name: 'a' });
  }));
  assert.equal(await crm.customers.count(), 1);
});

test('a refusal ends the calls beside it and not the outer one', async () => {
  const { crm } = await both();
  await crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'outer' });
    const beside = tx.transaction((nested) => Promise.all([
      nested.leads.create({ title: 'a', customerId: 99 }),
      ...Array.from({ length: 10 }, () => nested.customers.create({ name: 'nested' })),
    ]));
    await assert.rejects(beside, { code: 'missing_reference' });
    assert.equal(await tx.customers.count(), 1);
    // A call under way has its end before the nested one is undone.
    const thrown = tx.transaction((nested) => {
      nested.customers.create({ name: 'nested' });
      throw new RangeError('mine');
    });
    await assert.rejects(thrown, RangeError);
    assert.equal(await tx.customers.count(), 1);
  });
  assert.equal(await crm.customers.count(), 1);
});

test('an aborted call of a nested one finishes all, an aborted wait nothing', async () => {
  const { crm, sql } = await both();
  const { id } = await crm.customers.create({ name: 'a' });
  await crm.transaction((tx) => tx.transaction(async (nested) => {
    const controller = new AbortController();
    const waiting = tx.transaction(assert.fail, { signal: controller.signal });
    controller.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await nested.customers.create({ name: 'b' });
  }));
  assert.equal(await crm.customers.count(), 2);
  await sql.query('begin');
  await sql.query('select from crm.customers for update');
  const swallowed = crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'c' });
    const controller = new AbortController();
    const nested = tx.transaction((nested) => nested.customers.update(id, { name: 'c' }), { signal: controller.signal });
    await until(async () => (await busy(sql)) === 1);
    controller.abort();
    await assert.rejects(nested, { name: 'AbortError' });
    await assert.rejects(tx.customers.count(), { code: 'closed' });
  });
  await assert.rejects(swallowed, { code: 'closed' });
  await until(async () => (await busy(sql)) === 0);
  // What ends the outer one breaks off a call of the nested one.
  let pending;
  const thrown = crm.transaction(async (tx) => {
    pending = tx.transaction((nested) => nested.customers.update(id, { name: 'c' })).catch((error) => error.code);
    await until(async () => (await busy(sql)) === 1);
    throw new RangeError('mine');
  });
  await assert.rejects(thrown, RangeError);
  assert.equal(await pending, 'closed');
  await until(async () => (await busy(sql)) === 0);
  await sql.query('commit');
  assert.equal(await crm.customers.count(), 2);
});

test('one that nobody has awaited is refused at the commit, and everything is undone', async () => {
  const { crm, sql } = await both();
  let nested;
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  const whole = crm.transaction(async (tx) => {
    await tx.customers.create({ name: 'a' });
    nested = tx.transaction(async (nested) => {
      await nested.customers.create({ name: 'b' });
      await gate;
    }).catch((error) => error.code);
  });
  await assert.rejects(whole, { code: 'closed' });
  open();
  assert.equal(await nested, 'closed');
  assert.equal(await crm.customers.count(), 0);
  await until(async () => (await busy(sql)) === 0);
});

test('a nested one is in the name of the user, and is run again with the outer one', async () => {
  const { crm } = await both();
  const user = await crm.users.create({ name: 'U', email: 'u@example.com', password: 'correct horse' });
  const acme = await crm.customers.create({ name: 'a' });
  let runs = 0;
  await crm.actingAs(user.id).retry(async (tx) => {
    await assert.rejects(tx.transaction((nested) => nested.customers.delete(acme.id)), { code: 'permission_denied' });
    const lead = await tx.transaction((nested) => nested.leads.create({ title: 'a' }));
    assert.equal(lead.createdBy, user.id);
    runs += 1;
  });
  assert.equal(runs, 1);
  assert.equal(await crm.leads.count(), 1);
});
