// Measures the Node package beside what people use today, on the same rows of the same tables of one private server.
//
//     (cd crm-node && npm run build) && (cd tests/bench/node && npm install)
//     node tests/bench/node/bench.mjs [--rounds 5] [--seconds 1] [--only R1]
//
// Rounds are interleaved in a shuffled order; the table shows medians and, beside each, the ratio to ours (above 1: ours is faster).
//
//     R1   customer by id; @1 one call after the other, @16 by 16 callers over 10 connections   calls/s
//     R6   10,000 customers as objects                                                          ms
//     W1   create a customer, the stored row returned                                           calls/s
//     W4   10,000 customers at once, by each one's way for many                                 ms
import { parseArgs } from 'node:util';

import { connect, embedded } from 'crm-node';
import pg from 'pg';
import postgres from 'postgres';
import { DataTypes, Sequelize } from 'sequelize';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

const CUSTOMERS = 10_000;
const COLUMNS = 'id, name, email, phone, company, tags, notes, created_by, updated_by, created_at, updated_at, version';
const ONE = `select ${COLUMNS} from crm.customers where id = $1`;
const MANY = `select ${COLUMNS} from crm.customers order by id limit ${CUSTOMERS}`;
const INSERT = `insert into crm.customers (name, email, phone, company, tags, notes) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`;
const UNNEST = `insert into crm.customers (name, email, phone, company, tags, notes)
  select name, email, phone, company, array(select jsonb_array_elements_text(tags)), notes
  from jsonb_to_recordset($1) as t (name text, email text, phone text, company text, tags jsonb, notes text)`;

let count = 0;
const customer = () => {
  const n = (count += 1);
  return {
    name: `Customer ${n}`,
    email: `c${n}@example.com`,
    phone: '+1-555-9999999',
    company: `Company ${n % 2000}`,
    tags: [`seg${n % 10}`, `tag${n % 200}`],
    notes: 'Initial contact made, interested in the offer of the day',
  };
};

/** Says where a URL of the embedded server leads. */
function place(url) {
  const { pathname, searchParams, username } = new URL(url);
  return { host: searchParams.get('host'), database: pathname.slice(1), user: username };
}

const PEERS = {
  async ours(url) {
    const crm = await connect(url, { maxConnections: 10, minConnections: 10 });
    return {
      one: (id) => crm.customers.get(id),
      async many() {
        const rows = [];
        for await (const row of crm.customers.stream({ order: 'id' })) if (rows.push(row) === CUSTOMERS) break;
        return rows;
      },
      create: (row) => crm.customers.create(row),
      createMany: (rows) => crm.customers.createMany(rows),
      close: () => crm.close(),
    };
  },
  async pg(url) {
    const pool = new pg.Pool({ ...place(url), max: 10 });
    return {
      one: async (id) => (await pool.query({ name: 'one', text: ONE, values: [id] })).rows[0],
      many: async () => (await pool.query({ name: 'many', text: MANY })).rows,
      create: async (row) => (await pool.query({ name: 'create', text: INSERT, values: Object.values(row) })).rows[0],
      createMany: (rows) => pool.query({ name: 'createMany', text: UNNEST, values: [JSON.stringify(rows)] }),
      close: () => pool.end(),
    };
  },
  async 'postgres.js'(url) {
    const { host, database, user } = place(url);
    const sql = postgres({ path: `${host}/.s.PGSQL.5432`, database, user, max: 10 });
    return {
      one: async (id) => (await sql.unsafe(ONE, [id], { prepare: true }))[0],
      many: () => sql.unsafe(MANY, [], { prepare: true }),
      create: async (row) => (await sql.unsafe(INSERT, Object.values(row), { prepare: true }))[0],
      createMany: (rows) => sql.unsafe(UNNEST, [rows], { prepare: true }),
      close: () => sql.end(),
    };
  },
  async sequelize(url) {
    const { host, database, user } = place(url);
    const sequelize = new Sequelize({ dialect: 'postgres', host, database, username: user, logging: false, pool: { max: 10 } });
    const text = DataTypes.TEXT;
    const Customer = sequelize.define(
      'Customer',
      { name: text, email: text, phone: text, company: text, tags: DataTypes.ARRAY(text), notes: text, createdBy: DataTypes.BIGINT,
        updatedBy: DataTypes.BIGINT, version: DataTypes.BIGINT },
      { schema: 'crm', tableName: 'customers', underscored: true },
    );
    return {
      one: (id) => Customer.findByPk(id),
      many: () => Customer.findAll({ order: ['id'], limit: CUSTOMERS }),
      create: (row) => Customer.create(row),
      createMany: (rows) => Customer.bulkCreate(rows),
      close: () => sequelize.close(),
    };
  },
};

/** Counts calls a second. */
async function rate(call, callers) {
  let calls = 0;
  const begun = performance.now();
  const end = begun + 1000 * Number(options.seconds);
  const caller = async () => {
    do {
      await call();
      calls += 1;
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (1000 * calls) / (performance.now() - begun);
}

/** Takes the middle of some times, in milliseconds. */
async function time(call) {
  const times = [];
  for (let n = 0; n < 5; n += 1) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  return median(times);
}

function median(figures) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
}

const WORK = {
  'R1 @1 calls/s': (peer) => rate(() => peer.one(1 + Math.floor(Math.random() * CUSTOMERS)), 1),
  'R1 @16 calls/s': (peer) => rate(() => peer.one(1 + Math.floor(Math.random() * CUSTOMERS)), 16),
  'R6 ms': (peer) => time(() => peer.many()),
  'W1 @1 calls/s': (peer) => rate(() => peer.create(customer()), 1),
  'W1 @16 calls/s': (peer) => rate(() => peer.create(customer()), 16),
  'W4 ms': (peer) => time(() => peer.createMany(Array.from({ length: 10_000 }, customer))),
};

const server = await embedded();
await server.customers.createMany(Array.from({ length: CUSTOMERS }, customer));
const measured = {};
for (let round = 0; round < Number(options.rounds); round += 1) {
  for (const name of Object.keys(PEERS).sort(() => Math.random() - 0.5)) {
    const peer = await PEERS[name](server.url);
    for (const [label, work] of Object.entries(WORK)) {
      if (!label.startsWith(options.only)) continue;
      await peer.one(1);
      ((measured[label] ??= {})[name] ??= []).push(await work(peer));
    }
    await peer.close();
  }
}
await server.close();
for (const [label, figures] of Object.entries(measured)) {
  console.log(`\n${label}`);
  const ours = median(figures.ours);
  for (const [name, all] of Object.entries(figures)) {
    const figure = median(all);
    const ratio = label.endsWith('ms') ? figure / ours : ours / figure;
    console.log(`  ${name.padEnd(12)} ${figure.toFixed(1).padStart(12)}   ${ratio.toFixed(2)}x`);
  }
}
