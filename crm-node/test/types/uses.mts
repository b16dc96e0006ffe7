// Is never run: tsc proves that the right uses compile, and that the wrong ones do not.
import {
  type Acting,
  type Crm,
  CrmError,
  type Customer,
  type ErrorCode,
  type NewLead,
  type Page,
  STAGES,
  type Stage,
  type Transaction,
  connect,
  embedded,
} from 'crm-node';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

export async function right(crm: Crm): Promise<void> {
  await using other = await connect('postgres://…', { maxConnections: 4, signal: AbortSignal.timeout(1_000) });
  const acme = await other.customers.create({ name: 'Acme', tags: ['a'], phone: null, email: undefined });
  same<typeof acme, Customer>(true);
  same<Customer['tags'], string[]>(true);
  same<Customer['createdAt'], Date>(true);
  same<Customer['email'], string | null>(true);
  same<Stage, 'lead' | 'qualified' | 'proposal' | 'closed'>(true);
  same<(typeof STAGES)[0], 'lead'>(true);
  const page = await crm.customers.list({ tagsAny: 'a', order: '-name', limit: 10, cursor: null });
  same<typeof page, Page<Customer>>(true);
  const found = await crm.leads.find(1);
  same<(typeof found & {})['value'], string | null>(true);
  for await (const task of crm.tasks.stream({ order: 'dueDate' })) same<typeof task.dueDate, string | null>(true);
  const ids: number[] = await crm.leads.createMany([{ title: 'a', value: 5 }, { title: 'b', value: '5.00' }]);
  await crm.leads.update(ids[0]!, { value: null, title: undefined }, { expectedVersion: 1 });
  const count = await crm.transaction(async (tx: Transaction) => (await tx.transaction((nested: Transaction) => nested.customers.count())) + 1);
  same<typeof count, number>(true);
  const title = await crm.retry(async (tx) => (await tx.leads.get(1)).title, { attempts: 3, signal: null });
  same<typeof title, string>(true);
  const acting: Acting = crm.actingAs(acme.id);
  const seven: number = await acting.retry((tx: Transaction) => 7);
  await acting.reports.dueTasks('2026-01-01', { statuses: ['pending'] }, { signal: new AbortController().signal });
  const url: string | null = (await embedded({ path: '/var/lib/crm' })).url;
  const lead: NewLead = { title: 'a', stage: STAGES[1], customerId: acme.id };
  await crm.leads.create(lead);
  console.log(url, seven);
}

export function told(error: unknown): string {
  if (!(error instanceof CrmError)) return 'somebody else’s';
  switch (error.code) {
    case 'validation':
      return error.violations.map(({ field, code }) => `${field} ${code}`).join();
    case 'not_found':
      return `${error.entity} ${error.id}`;
    case 'conflict':
      return `${error.field ?? ''} ${error.currentVersion ?? ''}`;
    case 'missing_reference':
      return error.field;
    case 'timeout':
    case 'unavailable':
      return error.retryable ? 'again' : `unknown: ${error.outcomeUnknown}`;
    default: {
      // @ts-expect-error only a validation has violations
      void error.violations;
      const rest: Exclude<
        ErrorCode,
        'validation' | 'not_found' | 'conflict' | 'missing_reference' | 'timeout' | 'unavailable'
      > = error.code;
      return rest;
    }
  }
}

/** Takes a class of errors, as the filters of frameworks do. */
const filter = (_: Function & { prototype: unknown }, __: abstract new (...args: never[]) => Error): void => {};
filter(CrmError, CrmError);

export async function wrong(crm: Crm, acting: Acting, tx: Transaction): Promise<void> {
  // @ts-expect-error a customer has a name
  await crm.customers.create({});
  // @ts-expect-error a misspelt field
  await crm.customers.create({ name: 'a', emial: 'a@b.co' });
  // @ts-expect-error tags are texts
  await crm.customers.create({ name: 'a', tags: [1] });
  // @ts-expect-error a name cannot be cleared
  await crm.customers.update(1, { name: null });
  // @ts-expect-error no such stage
  await crm.leads.moveTo(1, 'won');
  // @ts-expect-error an id is a number
  await crm.leads.get('1');
  // @ts-expect-error customers have no value to order by
  await crm.customers.list({ order: 'value' });
  // @ts-expect-error a day is a text
  await crm.tasks.create({ title: 'a', dueDate: new Date() });
  // @ts-expect-error a moment is a Date
  await crm.interactions.create({ customerId: 1, type: 'call', date: '2026-01-01' });
  // @ts-expect-error expectedVersion is of an update only
  await crm.leads.delete(1, { expectedVersion: 1 });
  // @ts-expect-error a user has no password to read
  void (await crm.users.get(1)).password;
  // @ts-expect-error only the trusted system migrates
  await acting.migrate();
  // @ts-expect-error a nested transaction is run again with the outer one
  await tx.retry(async () => {});
  // @ts-expect-error an option that does not exist
  await connect('postgres://…', { maxConections: 4 });
  // @ts-expect-error times are numbers of milliseconds
  await connect('postgres://…', { callTimeout: '1s' });
}
