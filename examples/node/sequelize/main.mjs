// An application that has Sequelize and takes the library in beside it: `node examples/node/sequelize/main.mjs`.
//
// Both work on one database in one process, each through connections of its own. So neither sees what a transaction of
// the other has not committed, and code inside a transaction of one must not wait for the other to change the same row.
//
// CRM_DATABASE_URL says which database; without it a private one is started.

import { connect, embedded } from 'crm-node';
import { openModels } from './models.mjs';

const url = process.env.CRM_DATABASE_URL;
const crm = url ? await connect(url) : await embedded();
const { sequelize, User, Customer, Lead } = openModels(url ?? crm.url);

try {
  await crm.migrate();

  // The old system's users come with the hashes they have. This one is bcrypt's of "correct horse".
  const ada = await User.create({
    name: 'Ada Lovelace',
    email: `ada.${Date.now()}@engines.example`,
    password: '$2b$10$fNuQFnHaKdUqYBXRuwPajO7eXu3mui9Qjpjz5zi7Vr6sIDyiZ.Aqi',
  });

  // A customer written with Sequelize is one of the library's ...
  const acme = await Customer.create({ name: 'Acme Corporation', tags: ['Enterprise'] });
  const read = await crm.customers.get(acme.id);
  console.log(`The library reads ${read.name}, tagged ${read.tags}, version ${read.version}`);

  // ... and a lead of the library is one that Sequelize includes.
  const deal = await crm.leads.create({
    title: 'Big deal', customerId: acme.id, assignedTo: ada.id, value: '50000.00',
  });
  const found = await Customer.findByPk(acme.id, { include: { association: 'leads', include: 'assignee' } });
  for (const lead of found.leads) {
    console.log(`Sequelize reads ${lead.title}, ${lead.value}, in the hands of ${lead.assignee.name}`);
  }

  // Whoever writes, the database counts the versions. So what one has read, the other can insist on.
  await crm.leads.moveTo(deal.id, 'qualified');
  const [stale] = await Lead.update({ value: '1.00' }, { where: { id: deal.id, version: deal.version } });
  const lead = await Lead.findByPk(deal.id);
  await lead.update({ value: '60000.00' });
  console.log(`Sequelize changes ${stale} leads of version ${deal.version}, as it is version ${lead.version} now`);

  // What gets past the validation of a model, as these two do, the database still refuses.
  await refused('A value below zero', () => lead.decrement('value', { by: 100_000 }));
  await refused('A taken email', () => User.create({ name: 'Eve', email: ada.email.toUpperCase(), password: '-' }));

  // The first login through the library turns the old hash into a new one.
  const hash = async () => (await User.unscoped().findByPk(ada.id)).password.match(/^\$\w+/)[0];
  const before = await hash();
  const user = await crm.users.authenticate(ada.email, 'correct horse');
  console.log(`${user.name} logs in; the hash was ${before} and is ${await hash()}`);

  // Reports count everybody's rows.
  for (const { stage, count, totalValue } of await crm.reports.pipeline()) {
    console.log(`${stage.padEnd(10)} ${String(count).padStart(3)} ${totalValue.padStart(12)}`);
  }

  // A customer takes its leads along, also when it is Sequelize that deletes it.
  await acme.destroy();
  console.log(`The lead is ${await crm.leads.find(deal.id) ? 'still there' : 'gone'} with its customer`);
  await ada.destroy();
} finally {
  // Sequelize first: an embedded server ends with the library.
  await sequelize.close();
  await crm.close();
}

async function refused(what, write) {
  try {
    await write();
  } catch (error) {
    console.log(`${what} is refused by ${error.parent?.constraint ?? error}`);
    return;
  }
  throw new Error(`${what} is not refused`);
}
