// Ten lines on a private server: nothing to set up but the package and a PostgreSQL.
import { embedded } from 'crm-node';

const crm = await embedded(); // or await connect('postgres://…')
const acme = await crm.customers.create({ name: 'Acme Corporation', tags: ['Enterprise'] });
const deal = await crm.leads.create({ title: 'Big deal', customerId: acme.id, value: '50000.00' });
await crm.leads.moveTo(deal.id, 'qualified');
for (const { stage, count, totalValue } of await crm.reports.pipeline()) {
  console.log(stage.padEnd(10), String(count).padStart(3), totalValue.padStart(12));
}
console.log(`${deal.title}: ${deal.value}`);
await crm.close();
