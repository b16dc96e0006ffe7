// `node --test examples/node/sequelize/sequelize.test.mjs`, on a private database.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CrmError, embedded, INTERACTION_TYPES, PRIORITIES, ROLES, STAGES, TASK_STATUSES } from 'crm-node';
import { Op } from 'sequelize';
import { openModels } from './models.mjs';

const BCRYPT = '$2b$10$fNuQFnHaKdUqYBXRuwPajO7eXu3mui9Qjpjz5zi7Vr6sIDyiZ.Aqi'; // of "correct horse"

let crm, sequelize, User, Customer, Lead, Task, Interaction;

before(async () => {
  crm = await embedded();
  ({ sequelize, User, Customer, Lead, Task, Interaction } = openModels(crm.url));
});

after(async () => {
  await sequelize?.close();
  await crm?.close();
});

let emails = 0;
const newUser = (fields) => User.create({
  name: 'Ada Lovelace', email: `ada.${emails++}@engines.example`, password: BCRYPT, ...fields,
});

/** Gives what a row of Sequelize holds, but the password, which no row of the library does. */
const attributesOf = (row) => {
  const { password, ...attributes } = row.get({ plain: true });
  return attributes;
};

test('the library reads what Sequelize writes', async () => {
  const user = await newUser({ role: 'admin' });
  const { id: customerId } = await Customer.create({
    name: 'Acme Corporation', email: 'contact@acme.com', phone: '+1-555-0123', company: 'Acme Corp',
    tags: ['Enterprise', 'Technology'], notes: 'Initial contact made',
  });
  const keys = { customerId, assignedTo: user.id };
  const lead = { ...keys, title: 'Big deal', description: 'Large', stage: 'proposal', value: '50000.00' };
  const task = { ...keys, title: 'Visit', status: 'in-progress', priority: 'high', dueDate: '2024-01-15' };
  const date = new Date('2024-01-15T10:20:30.456Z');
  const interaction = { customerId, createdBy: user.id, type: 'call', notes: 'Followed up', date };

  const pairs = [
    [User, crm.users, user.id],
    [Customer, crm.customers, customerId],
    [Lead, crm.leads, (await Lead.create(lead)).id],
    [Task, crm.tasks, (await Task.create(task)).id],
    [Interaction, crm.interactions, (await Interaction.create(interaction)).id],
  ];
  for (const [Model, repository, id] of pairs) {
    assert.equal(typeof id, 'number');
    assert.deepEqual(await repository.get(id), attributesOf(await Model.findByPk(id)), Model.name);
  }
});

test('Sequelize reads what the library writes', async () => {
  const user = await crm.users.create({ name: 'Ben', email: 'ben@engines.example', password: 'correct horse' });
  const customer = await crm.customers.create({ name: 'TechStart Inc', tags: ['Startup'] });
  const customerId = customer.id;
  const lead = await crm.leads.create({ title: 'Small deal', customerId, assignedTo: user.id, value: 15_000 });
  const task = await crm.tasks.create({ title: 'Send proposal', customerId, dueDate: '2024-01-20' });
  const interaction = await crm.interactions.create({ customerId, type: 'email', createdBy: user.id });

  const read = await Customer.findByPk(customerId, { include: ['leads', 'tasks', 'interactions'] });
  const rows = { leads: [lead], tasks: [task], interactions: [interaction] };
  assert.deepEqual(read.get({ plain: true }), { ...customer, ...rows });
  assert.deepEqual(attributesOf(await User.findByEmail('BEN@engines.example')), user);
});

test('a transaction of one is seen by the other when it is committed', async () => {
  const borealis = await sequelize.transaction(async (transaction) => {
    const { id } = await Customer.create({ name: 'Borealis' }, { transaction });
    assert.equal(await crm.customers.find(id), null);
    return id;
  });
  assert.equal((await crm.customers.get(borealis)).name, 'Borealis');

  const cobalt = await crm.transaction(async (tx) => {
    const { id } = await tx.customers.create({ name: 'Cobalt' });
    assert.equal(await Customer.findByPk(id), null);
    return id;
  });
  assert.equal((await Customer.findByPk(cobalt)).name, 'Cobalt');
});

test('version and updatedAt move when Sequelize updates', async () => {
  const made = await crm.customers.create({ name: 'Delphi' });
  const customer = await Customer.findByPk(made.id);
  await pause(5); // The clock of the columns counts milliseconds.
  await customer.update({ name: 'Delphi Ltd' });
  assert.equal(customer.version, made.version + 1);
  assert.ok(customer.updatedAt > made.updatedAt);
  assert.deepEqual(customer.createdAt, made.createdAt);
  assert.deepEqual(await crm.customers.get(made.id), attributesOf(customer));

  const where = { id: made.id };
  const [, [updated]] = await Customer.update({ phone: '+1-555-0124' }, { where, returning: true });
  assert.equal(updated.version, made.version + 2);

  const [interaction] = await Interaction.bulkCreate([{ type: 'note', customerId: made.id }]);
  await interaction.update({ notes: 'Called back' });
  assert.equal(interaction.version, 2);
});

test('what is read on one side and changed on the other is not overwritten unawares', async () => {
  const { id, version } = await Lead.create({ title: 'Disputed' });
  await crm.leads.moveTo(id, 'qualified');
  assert.deepEqual(await Lead.update({ value: '1' }, { where: { id, version } }), [0]);
  await Lead.update({ value: '2' }, { where: { id, version: version + 1 } });
  await assert.rejects(crm.leads.update(id, { value: '3' }, { expectedVersion: version + 1 }), (error) => {
    assert.ok(error instanceof CrmError);
    assert.deepEqual([error.code, error.currentVersion], ['conflict', version + 2]);
    return true;
  });
});

test('a row says in whose name the library changed it, until Sequelize changes it', async () => {
  const user = await newUser();
  const { id } = await crm.actingAs(user.id).leads.create({ title: 'Signed' });
  const lead = await Lead.findByPk(id);
  assert.deepEqual([lead.createdBy, lead.updatedBy], [user.id, user.id]);
  await lead.update({ title: 'Unsigned' });
  assert.deepEqual([lead.createdBy, lead.updatedBy], [user.id, null]);
});

test('the columns that the database keeps are not written', async () => {
  const customer = await Customer.create({ name: 'Ember' });
  for (const column of ['createdAt', 'updatedAt', 'updatedBy', 'version']) {
    await assert.rejects(async () => customer.update({ [column]: 1 }), TypeError);
    await assert.rejects(async () => Customer.bulkCreate([{ name: 'Ember', [column]: 1 }]), TypeError);
  }
});

test('the database refuses what a model lets through', async () => {
  const lead = await Lead.create({ title: 'Cheap', value: '10.00' });
  const { email } = await newUser();
  const refusals = [
    ['chk_leads_value', () => lead.decrement('value', { by: 11 })],
    ['chk_leads_value', () => Lead.bulkCreate([{ title: 'Negative', value: '-0.01' }])],
    ['idx_users_email', () => newUser({ email: email.toUpperCase() })],
    ['fk_leads_customer', () => Lead.create({ title: 'Nobody', customerId: 2 ** 40 })],
  ];
  for (const [constraint, write] of refusals) {
    await assert.rejects(write, (error) => error.parent?.constraint === constraint, constraint);
  }
  await assert.rejects(Lead.create({ title: 'Lost', stage: 'lost' }), (error) => error.parent?.code === '22P02');
  assert.equal((await crm.leads.get(lead.id)).value, '10.00');
});

test('the models have the labels that the library has', () => {
  const labels = (Model, attribute) => Model.getAttributes()[attribute].values;
  assert.deepEqual(labels(User, 'role'), ROLES);
  assert.deepEqual(labels(Lead, 'stage'), STAGES);
  assert.deepEqual(labels(Task, 'status'), TASK_STATUSES);
  assert.deepEqual(labels(Task, 'priority'), PRIORITIES);
  assert.deepEqual(labels(Interaction, 'type'), INTERACTION_TYPES);
});

test('enums and tags are compared in the database', async () => {
  const { id: customerId } = await Customer.create({ name: 'Fjord', tags: ['Partner', 'Norway'] });
  await Lead.bulkCreate(['closed', 'lead', 'proposal'].map((stage) => ({ title: stage, stage, customerId })));
  const leads = await Lead.findAll({ where: { customerId, stage: { [Op.in]: ['closed', 'lead'] } }, order: ['stage'] });
  assert.deepEqual(leads.map((lead) => lead.stage), ['lead', 'closed']);
  const partners = await Customer.findAll({ where: { tags: { [Op.contains]: ['Norway'] } } });
  assert.deepEqual(partners.map((customer) => customer.id), [customerId]);
});

test('the six relationships work both ways', async () => {
  const user = await newUser();
  const customer = await Customer.create({ name: 'Granite' });
  const key = { customerId: customer.id };
  const lead = await user.createLead({ title: 'Stones', ...key });
  const task = await user.createTask({ title: 'Carry stones', ...key });
  const interaction = await user.createInteraction({ type: 'meeting', ...key });
  const ids = { leads: [lead.id], tasks: [task.id], interactions: [interaction.id] };

  const include = Object.keys(ids);
  for (const one of [user, customer]) {
    await one.reload({ include });
    for (const many of include) {
      assert.deepEqual(one[many].map((row) => row.id), ids[many]);
    }
  }
  for (const [row, person] of [[lead, 'assignee'], [task, 'assignee'], [interaction, 'creator']]) {
    await row.reload({ include: [person, 'customer'] });
    assert.deepEqual([row[person].id, row.customer.id], [user.id, customer.id]);
  }

  // A user leaves the rows behind, a customer takes them along; and the other side sees that.
  await user.destroy();
  assert.equal((await crm.leads.get(lead.id)).assignedTo, null);
  assert.equal((await crm.tasks.get(task.id)).assignedTo, null);
  assert.equal((await crm.interactions.get(interaction.id)).createdBy, null);
  await crm.customers.delete(customer.id);
  for (const row of [lead, task, interaction]) {
    assert.equal(await row.constructor.findByPk(row.id), null);
  }
});

test('a user with a bcrypt hash logs in through the library, which renews the hash', async () => {
  const { id, email } = await newUser();
  const hash = async () => (await User.unscoped().findByPk(id)).password;
  await assert.rejects(crm.users.authenticate(email, 'wrong horse'), { code: 'invalid_credentials' });
  assert.equal(await hash(), BCRYPT);
  assert.equal((await crm.users.authenticate(email.toUpperCase(), 'correct horse')).id, id);
  assert.match(await hash(), /^\$argon2id\$/);
  assert.equal((await crm.users.authenticate(email, 'correct horse')).id, id);
  assert.equal((await User.findByPk(id)).password, undefined);

  // Who is deactivated by Sequelize is kept out by the library.
  await User.update({ deactivatedAt: new Date() }, { where: { id } });
  await assert.rejects(crm.users.authenticate(email, 'correct horse'), { code: 'invalid_credentials' });
});

test('nobody syncs', async () => {
  await assert.rejects(sequelize.sync({ force: true }), /crm\.migrate/);
  await assert.rejects(Lead.sync({ alter: true }), /crm\.migrate/);
  assert.deepEqual(await crm.pendingMigrations(), []);
  const [types] = await sequelize.query(`select typname from pg_type where typname like 'enum\\_%'`);
  assert.deepEqual(types, []);
});
