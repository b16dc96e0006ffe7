import assert from 'node:assert/strict';
import { test } from 'node:test';

import { INTERACTION_TYPES, PRIORITIES, ROLES, STAGES, TASK_STATUSES } from 'crm-node';

import { both, database, open } from './support.mjs';

const HASH = '$2b$04$abcdefghijklmnopqrstuuqPMuEmJO1W1eKvcHgAvyrHEwZ1mFMkC';

/** Makes one row of each entity, with every field set. */
async function full(crm) {
  const ann = await crm.users.create({ name: 'Ann', email: 'Ann@Example.com', role: 'admin', password: 'correct horse' });
  const acme = await crm.customers.create({
    name: 'Acme ünïted 🚀',
    email: 'info@acme.com',
    phone: '+1-555-0123',
    company: 'Acme',
    tags: ['Vip', 'größe'],
    notes: 'first\nsecond',
    createdBy: ann.id,
  });
  const lead = await crm.leads.create({
    title: 'Deal',
    description: 'A deal',
    stage: 'proposal',
    value: '12500.5',
    customerId: acme.id,
    assignedTo: ann.id,
    createdBy: ann.id,
  });
  const task = await crm.tasks.create({
    title: 'Call',
    description: 'Soon',
    status: 'in-progress',
    priority: 'high',
    dueDate: '2026-02-28',
    assignedTo: ann.id,
    customerId: acme.id,
    createdBy: ann.id,
  });
  const date = new Date('2026-01-02T03:04:05.678Z');
  const contact = await crm.interactions.create({ customerId: acme.id, type: 'call', notes: 'Hi', date, createdBy: ann.id });
  return { ann, acme, lead, task, contact };
}

test('create returns each row as stored, with every field in its type', async () => {
  const crm = await open();
  const { ann, acme, lead, task, contact } = await full(crm);
  const { createdAt, updatedAt } = ann;
  assert.ok(createdAt instanceof Date && Math.abs(Date.now() - createdAt) < 60_000);
  assert.deepEqual(ann, {
    id: 1, name: 'Ann', email: 'Ann@Example.com', role: 'admin', deactivatedAt: null, createdAt, updatedAt, version: 1,
  });
  assert.deepEqual(acme, {
    id: 1,
    name: 'Acme ünïted 🚀',
    email: 'info@acme.com',
    phone: '+1-555-0123',
    company: 'Acme',
    tags: ['Vip', 'größe'],
    notes: 'first\nsecond',
    createdBy: 1,
    updatedBy: null,
    createdAt: acme.createdAt,
    updatedAt: acme.updatedAt,
    version: 1,
  });
  assert.deepEqual(lead, {
    id: 1,
    title: 'Deal',
    description: 'A deal',
    stage: 'proposal',
    value: '12500.50',
    customerId: 1,
    assignedTo: 1,
    createdBy: 1,
    updatedBy: null,
    createdAt: lead.createdAt,
    updatedAt: lead.updatedAt,
    version: 1,
  });
  assert.deepEqual(task, {
    id: 1,
    title: 'Call',
    description: 'Soon',
    status: 'in-progress',
    priority: 'high',
    dueDate: '2026-02-28',
    assignedTo: 1,
    customerId: 1,
    createdBy: 1,
    updatedBy: null,
    createdAt: task.createdAt,
    updatedAt: task.updatedAt,
    version: 1,
  });
  assert.deepEqual(contact, {
    id: 1,
    customerId: 1,
    type: 'call',
    notes: 'Hi',
    date: new Date('2026-01-02T03:04:05.678Z'),
    createdBy: 1,
    createdAt: contact.createdAt,
    version: 1,
  });
});

test('every repository reads, counts, changes and deletes', async () => {
  const crm = await open();
  const rows = await full(crm);
  const patches = {
    users: [rows.ann, { name: 'Anna' }],
    customers: [rows.acme, { phone: null, name: 'Acme' }],
    leads: [rows.lead, { value: null, description: undefined }],
    tasks: [rows.task, { dueDate: null }],
    interactions: [rows.contact, { notes: null }],
  };
  for (const [name, [row, patch]] of Object.entries(patches)) {
    const repository = crm[name];
    assert.deepEqual(await repository.get(row.id), row, name);
    assert.deepEqual(await repository.find(row.id), row);
    assert.equal(await repository.find(999), null);
    assert.deepEqual(await repository.getMany([row.id, 999, row.id]), [row, row]);
    assert.deepEqual(await repository.list(), { items: [row], nextCursor: null });
    assert.deepEqual(await repository.list({ ids: [row.id, 7], order: 'id', limit: 1 }), { items: [row], nextCursor: null });
    for await (const streamed of repository.stream({ ids: row.id })) assert.deepEqual(streamed, row);
    assert.equal(await repository.count(), 1);
    assert.equal(await repository.count({ ids: 999 }), 0);
    assert.deepEqual(await repository.update(row.id, {}), row, 'an empty patch changes nothing');
    const changed = await repository.update(row.id, patch, { expectedVersion: 1 });
    const { updatedAt } = changed;
    const expected = { ...row, ...JSON.parse(JSON.stringify(patch)), version: 2, ...(updatedAt && { updatedAt }) };
    assert.deepEqual(changed, expected);
    await assert.rejects(repository.update(row.id, patch, { expectedVersion: 1 }), { code: 'conflict', currentVersion: 2 });
  }
  for (const name of Object.keys(patches).reverse()) {
    assert.equal(await crm[name].delete(1), undefined);
    await assert.rejects(crm[name].delete(1), { code: 'not_found', id: 1 });
  }
});

test('createMany returns the ids in order and names the row that is wrong', async () => {
  const crm = await open();
  const rows = Array.from({ length: 5_000 }, (_, n) => ({ name: `Customer ${n}`, tags: ['a', `b${n}`] }));
  const ids = await crm.customers.createMany(rows);
  assert.equal(ids.length, 5_000);
  const { items } = await crm.customers.list({ order: 'id', limit: 1_000 });
  assert.deepEqual(items.map((row) => [row.id, row.name, row.tags[1]]), ids.slice(0, 1_000).map((id, n) => [id, `Customer ${n}`, `b${n}`]));
  await assert.rejects(crm.customers.createMany([{ name: 'a' }, { nam: 'b' }, null, 7]), {
    code: 'validation',
    violations: [
      { field: '[1].nam', code: 'unknown_field', message: 'is not known here' },
      { field: '[1].name', code: 'required', message: 'must have a value' },
      { field: '[2]', code: 'invalid_type', message: 'must be an object' },
      { field: '[3]', code: 'invalid_type', message: 'must be an object' },
    ],
  });
  await assert.rejects(crm.leads.createMany([{ title: 'a' }, { title: 'b', customerId: 99_999 }]), {
    code: 'missing_reference',
    field: '[1].customerId',
  });
  assert.equal(await crm.customers.count(), 5_000);
  assert.deepEqual(await crm.tasks.createMany([]), []);
  assert.deepEqual(await crm.users.createMany([{ name: 'a', email: 'a@b.co', passwordHash: HASH }]), [1]);
  assert.deepEqual(await crm.interactions.createMany([{ customerId: ids[0], type: 'note' }]), [1]);
});

test('users log in, change passwords, are retired and come back', async () => {
  const crm = await open();
  const ann = await crm.users.create({ name: 'Ann', email: 'ann@example.com', password: 'correct horse' });
  assert.equal((await crm.users.findByEmail('ANN@example.com')).id, ann.id);
  assert.equal(await crm.users.findByEmail('bob@example.com'), null);
  assert.equal((await crm.users.authenticate('ann@example.com', 'correct horse')).id, ann.id);
  await assert.rejects(crm.users.authenticate('ann@example.com', 'wrong'), { code: 'invalid_credentials' });
  // A surrogate that stands alone is no text, and so a wrong password, even where its replacement would be the right one.
  const eve = await crm.users.create({ name: 'Eve', email: 'eve@example.com', password: 'correct horse\ufffd' });
  for (const [email, password] of [
    ['ann@example.com', 'correct horse\ud800'], ['eve@example.com', 'correct horse\ud800'], ['ann@example.com\udc00', 'correct horse'],
  ]) {
    await assert.rejects(crm.users.authenticate(email, password), { code: 'invalid_credentials' });
  }
  await assert.rejects(crm.users.changePassword(eve.id, 'correct horse\udfff', 'battery staple'), { code: 'invalid_credentials' });
  await crm.users.changePassword(ann.id, 'correct horse', 'battery staple');
  await crm.users.setPassword(ann.id, 'paper clip 7');
  await assert.rejects(crm.users.setPassword(ann.id, 'short'), (error) => error.violations[0].field === 'newPassword');
  await crm.users.authenticate('ann@example.com', 'paper clip 7');
  assert.ok((await crm.users.deactivate(ann.id)).deactivatedAt instanceof Date);
  await assert.rejects(crm.users.authenticate('ann@example.com', 'paper clip 7'), { code: 'invalid_credentials' });
  assert.equal((await crm.users.reactivate(ann.id)).deactivatedAt, null);
});

test('tags, overview, stages and statuses', async () => {
  const crm = await open();
  const { acme, lead, task, contact } = await full(crm);
  assert.deepEqual((await crm.customers.addTags(acme.id, ['VIP', 'new'])).tags, ['Vip', 'größe', 'new']);
  assert.deepEqual((await crm.customers.removeTags(acme.id, ['vip'])).tags, ['größe', 'new']);
  assert.deepEqual(await crm.customers.tagCounts(), [{ tag: 'größe', count: 1 }, { tag: 'new', count: 1 }]);
  const overview = await crm.customers.overview(acme.id);
  assert.deepEqual(overview.openLeads, [lead]);
  assert.deepEqual(overview.openTasks, [task]);
  assert.deepEqual(overview.recentInteractions, [contact]);
  assert.equal(overview.customer.id, acme.id);
  assert.deepEqual((await crm.customers.overview(acme.id, 0)).recentInteractions, []);
  assert.equal((await crm.leads.moveTo(lead.id, 'closed')).stage, 'closed');
  assert.equal((await crm.tasks.complete(task.id)).status, 'completed');
  assert.equal((await crm.tasks.start(task.id)).status, 'in-progress');
  assert.equal((await crm.tasks.reopen(task.id)).status, 'pending');
});

test('each label is what the database has', async () => {
  const { crm, sql } = await both();
  const { acme, lead, task, ann } = await full(crm);
  const stored = async (query) => (await sql.query(query)).rows[0].label;
  for (const stage of STAGES) {
    assert.equal((await crm.leads.moveTo(lead.id, stage)).stage, stage);
    assert.equal(await stored(`select stage::text as label from crm.leads`), stage);
  }
  for (const status of TASK_STATUSES) {
    assert.equal((await crm.tasks.update(task.id, { status })).status, status);
    assert.equal(await stored(`select status::text as label from crm.tasks`), status);
  }
  for (const priority of PRIORITIES) {
    assert.equal((await crm.tasks.update(task.id, { priority })).priority, priority);
    assert.equal(await stored(`select priority::text as label from crm.tasks`), priority);
  }
  for (const role of ROLES) {
    assert.equal((await crm.users.update(ann.id, { role })).role, role);
    assert.equal(await stored(`select role::text as label from crm.users`), role);
  }
  for (const type of INTERACTION_TYPES) {
    const { id } = await crm.interactions.create({ customerId: acme.id, type });
    assert.equal((await crm.interactions.get(id)).type, type);
    assert.equal(await stored(`select type::text as label from crm.interactions where id = ${id}`), type);
  }
  const { rows } = await sql.query(`
    select t.typname as name, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
    from pg_enum e join pg_type t on t.oid = e.enumtypid group by 1`);
  const labels = Object.fromEntries(rows.map((row) => [row.name, row.labels]));
  assert.deepEqual(labels, {
    interaction_type: [...INTERACTION_TYPES],
    lead_stage: [...STAGES],
    task_priority: [...PRIORITIES],
    task_status: [...TASK_STATUSES],
    user_role: [...ROLES],
  });
});

test('lists page through every row once, in each order', async () => {
  const crm = await open();
  await crm.leads.createMany(Array.from({ length: 25 }, (_, n) => ({ title: `t${n % 7}`, value: n % 3 ? n % 5 : null })));
  const all = (await crm.leads.list({ limit: 1000, order: 'id' })).items;
  for (const order of ['id', '-id', 'createdAt', '-updatedAt', 'title', '-title', 'value', '-value']) {
    const seen = [];
    let cursor;
    do {
      const page = await crm.leads.list({ order, limit: 4, cursor });
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.equal(seen.length, 25, order);
    assert.deepEqual(seen.toSorted((a, b) => a.id - b.id), all);
  }
});

test('the reports', async () => {
  const crm = await open();
  const { acme, task, contact, ann } = await full(crm);
  assert.deepEqual((await crm.reports.customerActivity()).items, [{ ...acme, interactionCount: 1, lastInteraction: contact.date }]);
  assert.deepEqual(await crm.reports.pipeline(), [
    { stage: 'lead', count: 0, totalValue: '0.00' },
    { stage: 'qualified', count: 0, totalValue: '0.00' },
    { stage: 'proposal', count: 1, totalValue: '12500.50' },
    { stage: 'closed', count: 0, totalValue: '0.00' },
  ]);
  const due = await crm.reports.dueTasks('2026-03-01', { statuses: ['pending', 'in-progress'], withinDays: 0 });
  assert.deepEqual(due.items, [{ ...task, customerName: acme.name, assignedToName: ann.name, overdue: true }]);
  const snapshot = await crm.reports.snapshot('2026-03-01', { statuses: 'in-progress', limit: 10 });
  assert.deepEqual(snapshot.dueTasks, due);
  assert.equal(snapshot.customerActivity.items.length, 1);
  assert.equal(snapshot.pipeline.length, 4);
});

test('the schema is migrated, described, seeded once and taken away', async () => {
  const crm = await open(await database({ migrated: false }));
  assert.equal(await crm.schemaVersion(), null);
  await assert.rejects(crm.customers.count(), { code: 'schema' });
  const pending = await crm.pendingMigrations();
  assert.ok(pending.length > 0 && pending[0].description.length > 0);
  await crm.migrate();
  assert.equal(await crm.schemaVersion(), pending.at(-1).version);
  assert.deepEqual(await crm.pendingMigrations(), []);
  const seeded = await crm.seed({ admin: 'correct horse' });
  assert.equal(seeded.admin, 'correct horse');
  assert.ok(seeded.user.length >= 8);
  assert.equal(await crm.seed(), null);
  await crm.migrateTo(0);
  assert.equal(await crm.schemaVersion(), null);
});

test('an acting handle does what its user may', async () => {
  const { crm, sql } = await both();
  const user = await crm.users.create({ name: 'U', email: 'u@example.com', password: 'correct horse' });
  const acting = crm.actingAs(user.id);
  assert.equal(acting.actor, user.id);
  const acme = await acting.customers.create({ name: 'Acme' });
  assert.equal(acme.createdBy, user.id);
  await assert.rejects(acting.customers.delete(acme.id), { code: 'permission_denied' });
  await assert.rejects(acting.customers.create({ name: 'B', createdBy: 1 }), {
    code: 'permission_denied', message: /createdBy/,
  });
  assert.deepEqual(await acting.customers.createMany([{ name: 'C' }, { name: 'D' }]), [2, 3]);
  const names = [];
  for await (const row of acting.customers.stream({ order: 'name' })) names.push(row.name);
  assert.deepEqual(names, ['Acme', 'C', 'D']);
  await assert.rejects(crm.actingAs(99).customers.count(), { code: 'permission_denied' });
  for (const id of [1.5, NaN, '1', null, 2 ** 60]) {
    await assert.rejects(crm.actingAs(id).customers.count(), (error) => error.violations[0].field === 'userId');
  }
  await assert.rejects(crm.actingAs('1').customers.count(), { message: /userId must be a number, not a string/ });
  assert.equal((await sql.query('select current_user = session_user as same')).rows[0].same, true);
});
