import assert from 'node:assert/strict';
import { test } from 'node:test';

import { connect } from 'crm-node';

import { both, open } from './support.mjs';

const crm = await open();
const { id: customerId } = await crm.customers.create({ name: 'Acme' });

/** Returns the violations of a call, as pairs of field and code. */
async function broken(call) {
  const promise = call();
  assert.ok(promise instanceof Promise, 'it rejects, and never throws at once');
  const error = await promise.then(assert.fail, (error) => error);
  assert.equal(error.code, 'validation', error.stack);
  return error.violations.map(({ field, code }) => `${field} ${code}`);
}

test('values of the wrong type are refused with the name of the field', async () => {
  for (const [row, expected] of [
    [{ title: 7 }, ['title invalid_type']],
    [{ title: 'a', description: {} }, ['description invalid_type']],
    [{ title: 'a', value: 1.5 }, ['value invalid_type']],
    [{ title: 'a', value: NaN }, ['value invalid_type']],
    [{ title: 'a', value: 2 ** 60 }, ['value invalid_type']],
    [{ title: 'a', value: '1e3' }, ['value invalid_type']],
    [{ title: 'a', value: '.5' }, ['value invalid_type']],
    [{ title: 'a', value: '1_000' }, ['value invalid_type']],
    [{ title: 'a', value: 10n }, ['value invalid_type']],
    [{ title: 'a', value: '0.001' }, ['value too_precise']],
    [{ title: 'a', value: '-1' }, ['value out_of_range']],
    [{ title: 'a', value: '100000000' }, ['value out_of_range']],
    [{ title: 'a', customerId: '1' }, ['customerId invalid_type']],
    [{ title: 'a', customerId: 1.9 }, ['customerId invalid_type']],
    [{ title: 'a', customerId: Infinity }, ['customerId invalid_type']],
    [{ title: 'a', customerId: 2 ** 53 }, ['customerId out_of_range']],
    [{ title: 'a', stage: 'won' }, ['stage invalid_choice']],
    [{ title: 'a', stage: Symbol('lead') }, ['stage invalid_type']],
    [{ title: 'a\ud800' }, ['title invalid_characters']],
    [{ title: 'a', customer_id: 1 }, ['customer_id unknown_field']],
    [{ title: 'a', owner: undefined }, null],
    [{ title: '', stage: 'won', customerId: 'x', extra: 1 }, [
      'stage invalid_choice', 'customerId invalid_type', 'extra unknown_field', 'title required',
    ]],
    [undefined, ['row required']],
    [null, ['row required']],
    [7, ['row invalid_type']],
    [new Map([['title', 'a']]), ['row invalid_type']],
    [[], ['row invalid_type']],
  ]) {
    if (expected === null) await crm.leads.create(row);
    else assert.deepEqual(await broken(() => crm.leads.create(row)), expected, JSON.stringify(String(row?.value ?? row)));
  }
});

test('days and moments', async () => {
  for (const dueDate of ['2026-2-3', '2026-02-30', '20260203', '+2026-02-3', '', 'today', new Date(), 20260203]) {
    assert.deepEqual(await broken(() => crm.tasks.create({ title: 'a', dueDate })), ['dueDate invalid_type'], String(dueDate));
  }
  assert.deepEqual(await broken(() => crm.tasks.create({ title: 'a', dueDate: '0000-01-01' })), ['dueDate out_of_range']);
  const contact = (date) => ({ customerId, type: 'note', date });
  for (const date of [new Date(NaN), '2026-01-01T00:00:00Z', 0]) {
    assert.deepEqual(await broken(() => crm.interactions.create(contact(date))), ['date invalid_type']);
  }
  assert.deepEqual(await broken(() => crm.interactions.create(contact(new Date(8.64e15)))), ['date out_of_range']);
  for (const date of [new Date(0), new Date(-1), new Date('0001-01-01T00:00:00.000Z'), new Date('9999-12-31T23:59:59.999Z')]) {
    assert.deepEqual((await crm.interactions.create(contact(date))).date, date);
  }
  assert.equal((await crm.tasks.create({ title: 'a', dueDate: '0001-01-01' })).dueDate, '0001-01-01');
});

test('filters, orders, limits and cursors', async () => {
  assert.deepEqual(await broken(() => crm.leads.list({ order: 'created_at' })), ['order invalid_choice']);
  assert.deepEqual(await broken(() => crm.leads.list({ order: '-nothing', limit: '5', colour: 1 })), [
    'order invalid_choice', 'limit invalid_type', 'colour unknown_field',
  ]);
  assert.deepEqual(await broken(() => crm.leads.list({ limit: 0 })), ['limit out_of_range']);
  assert.deepEqual(await broken(() => crm.leads.list({ limit: 1001 })), ['limit out_of_range']);
  assert.deepEqual(await broken(() => crm.leads.list({ cursor: 'x' })), ['cursor invalid_cursor']);
  assert.deepEqual(await broken(() => crm.leads.list({ text: '?!' })), ['text no_word']);
  assert.deepEqual(await broken(() => crm.leads.count({ unassigned: true, assignedTo: 1 })), ['unassigned invalid_choice']);
  assert.deepEqual(await broken(() => crm.leads.count({ stage: ['lead', 7] })), ['stage[1] invalid_type']);
  assert.deepEqual(await broken(() => crm.tasks.count({ dueSince: 7 })), ['dueSince invalid_type']);
  assert.deepEqual(await broken(() => crm.leads.getMany([1, 2.5])), ['ids[1] invalid_type']);
  assert.deepEqual(await broken(() => crm.leads.getMany(new Set([1]))), ['ids invalid_type']);
  assert.deepEqual(await broken(() => crm.leads.stream({ ordre: 'id' }).next()), ['ordre unknown_field']);
  assert.deepEqual(await broken(() => crm.leads.list({ order: 'x', limit: 0, cursor: 'x', text: '-' })), [
    'text no_word', 'order invalid_choice', 'limit out_of_range', 'cursor invalid_cursor',
  ]);
  for (const call of ['count', 'list']) assert.match(String(await broken(() => crm.leads[call](null))), /invalid_type/);
  assert.match(String(await broken(() => crm.leads.stream(null).next())), /invalid_type/);
  assert.deepEqual(await broken(() => crm.reports.dueTasks()), ['today required']);
  assert.deepEqual(await broken(() => crm.reports.dueTasks('x', { withinDays: 40_000, limit: 0, cursor: 'x', colour: 1 })), [
    'today invalid_type', 'colour unknown_field', 'withinDays out_of_range', 'limit out_of_range', 'cursor invalid_cursor',
  ]);
  assert.deepEqual(await broken(() => crm.reports.dueTasks('2026-01-01', { withinDays: -1 })), ['withinDays out_of_range']);
  assert.deepEqual(await broken(() => crm.reports.dueTasks('2026-01-01', { withinDays: 40_000 })), ['withinDays out_of_range']);
  const message = await crm.leads.list({ order: 'created_at' }).catch((error) => error.violations[0].message);
  assert.equal(message, '"created_at" is not one of id, createdAt, updatedAt, title, value');
});

test('parameters and options', async () => {
  assert.deepEqual(await broken(() => crm.leads.update(1)), ['patch required']);
  assert.deepEqual(await broken(() => crm.leads.get(1, new AbortController().signal)), ['options invalid_type']);
  for (const id of [null, undefined]) assert.deepEqual(await broken(() => crm.leads.get(id)), ['id required']);
  assert.deepEqual(await broken(() => crm.leads.moveTo('x', 'won')), ['id invalid_type', 'stage invalid_choice']);
  assert.deepEqual(await broken(() => crm.users.authenticate(1)), ['email invalid_type', 'password required']);
  assert.deepEqual(await broken(() => crm.users.changePassword('1', 2, 'short')), [
    'id invalid_type', 'currentPassword invalid_type', 'newPassword too_short',
  ]);
  assert.deepEqual(await broken(() => crm.customers.addTags('1', [' '])), ['id invalid_type', 'tags required']);
  assert.deepEqual(await broken(() => crm.leads.update('x', { title: '', value: 1.5 }, { expectedVersion: 'y' })), [
    'id invalid_type', 'value invalid_type', 'expectedVersion invalid_type', 'title required',
  ]);
  for (const id of ['1', 1.5, NaN, 1n, {}]) {
    assert.deepEqual(await broken(() => crm.leads.get(id)), ['id invalid_type'], String(id));
  }
  assert.deepEqual(await broken(() => crm.leads.get(2 ** 53)), ['id out_of_range']);
  assert.deepEqual(await broken(() => crm.leads.get(1, { sginal: 1 })), ['sginal unknown_field']);
  assert.deepEqual(await broken(() => crm.leads.get(1, { signal: 1 })), ['signal invalid_type']);
  assert.deepEqual(await broken(() => crm.leads.get(1, 7)), ['options invalid_type']);
  assert.deepEqual(await broken(() => crm.leads.update(1, {}, { version: 1 })), ['version unknown_field']);
  assert.deepEqual(await broken(() => crm.leads.update(1, { titel: 'a' }, { expectedVersion: 'x' })), [
    'titel unknown_field', 'expectedVersion invalid_type',
  ]);
  for (const odd of [7, [], new Map([['expectedVersion', 1]])]) {
    assert.deepEqual(await broken(() => crm.leads.update(1, {}, odd)), ['options invalid_type']);
    assert.deepEqual(await broken(() => crm.leads.get(1, odd)), ['options invalid_type']);
    assert.deepEqual(await broken(() => connect('postgres://x/y', odd)), ['options invalid_type']);
  }
  class Odd extends Array {
    *[Symbol.iterator]() {
      yield 'a';
    }
  }
  assert.deepEqual((await crm.customers.create({ name: 'a', tags: new Odd(5) })).tags, ['a']);
  assert.deepEqual(await broken(() => crm.transaction()), ['work invalid_type']);
  assert.deepEqual(await broken(() => crm.users.create({ name: 'a', email: 'a@b.co', password: 7 })), ['password invalid_type']);
  assert.deepEqual(await broken(() => crm.users.create({ name: 'a', email: 'a@b.co' })), ['password required']);
});

test('a number that JavaScript does not have is not rounded', async () => {
  const { crm, sql } = await both();
  await sql.query("insert into crm.customers (id, name) values (9007199254740991, 'last'), (9007199254740992, 'lost')");
  assert.equal((await crm.customers.get(Number.MAX_SAFE_INTEGER)).name, 'last');
  await assert.rejects(crm.customers.list(), { code: 'internal' });
  await assert.rejects(crm.customers.stream().next(), { code: 'internal' });
  assert.equal((await crm.customers.list({ ids: Number.MAX_SAFE_INTEGER })).items.length, 1);
});

test('a value that makes a call of its own while it is read disturbs nothing', async () => {
  let inner;
  const row = { get title() { inner = crm.leads.create({ title: 'inner' }); return 'outer'; }, stage: 'closed' };
  const outer = await crm.leads.create(row);
  assert.deepEqual([outer.title, outer.stage, (await inner).title], ['outer', 'closed', 'inner']);
  await assert.rejects(crm.leads.create({ get title() { throw new RangeError('mine'); } }), RangeError);
  assert.equal((await crm.leads.create({ title: 'after' })).title, 'after');
});

test('null is no condition, in any filter', async () => {
  const filters = {
    users: ['ids', 'role', 'email', 'createdSince', 'updatedUntil'],
    customers: ['ids', 'tagsAny', 'tagsAll', 'company', 'email', 'text', 'createdUntil', 'updatedSince'],
    leads: ['ids', 'stage', 'customerId', 'assignedTo', 'unassigned', 'minValue', 'maxValue', 'text'],
    tasks: ['ids', 'status', 'priority', 'customerId', 'assignedTo', 'unassigned', 'dueSince', 'dueUntil', 'text'],
    interactions: ['ids', 'customerId', 'type', 'createdBy', 'dateSince', 'dateUntil', 'text'],
  };
  for (const [entity, names] of Object.entries(filters)) {
    for (const name of names) {
      for (const call of ['count', 'list']) {
        assert.deepEqual(await broken(() => crm[entity][call]({ [name]: null })), [`${name} invalid_type`]);
      }
      await crm[entity].count({ [name]: undefined });
    }
  }
  assert.deepEqual(await broken(() => crm.reports.dueTasks('2026-01-01', { statuses: null })), ['statuses invalid_type']);
});

test('an empty cell of a row of a batch is absent', async () => {
  const [id] = await crm.customers.createMany([{ name: 'Cells', tags: '' }]);
  const cells = { value: '', stage: ' ', customerId: '', assignedTo: '', createdBy: '', description: '' };
  const [lead] = await crm.leads.createMany([{ title: 'a', ...cells }]);
  const { value, stage, customerId: none } = await crm.leads.get(lead);
  assert.deepEqual([value, stage, none], [null, 'lead', null]);
  const [made] = await crm.tasks.createMany([{ title: 'a', dueDate: '', status: '', priority: '' }]);
  const task = await crm.tasks.get(made);
  assert.deepEqual([task.dueDate, task.status, task.priority], [null, 'pending', 'medium']);
  const rows = [{ customerId: id, type: 'call', date: '' }, { customerId: '', type: '' }];
  assert.deepEqual(await broken(() => crm.interactions.createMany(rows)), ['[1].customerId required', '[1].type required']);
  assert.deepEqual(await broken(() => crm.leads.update(lead, { value: '' })), ['value invalid_type']);
});
