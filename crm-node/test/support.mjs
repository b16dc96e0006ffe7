// What the tests share: one private server a file, and a fresh database a test.
import { after } from 'node:test';

import pg from 'pg';

import { connect, embedded } from 'crm-node';

const server = await embedded();
const admin = new pg.Client(server.url.replace('/crm?', '/postgres?'));
await admin.connect();
// Nobody may be connected to a database that is copied.
await admin.query('alter database crm allow_connections false');
await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'crm'");
let count = 0;

const opened = [];
after(async () => {
  await Promise.all(opened.map((open) => open.close?.() ?? open.end()));
  await admin.end();
  await server.close();
});

/** Makes a database and returns its URL. */
export async function database({ migrated = true } = {}) {
  const name = `test_${(count += 1)}`;
  await admin.query(`create database ${name} template ${migrated ? 'crm' : 'template0'}`);
  return server.url.replace('/crm?', `/${name}?`);
}

/** Connects the library to a database, a fresh one if none is given. */
export async function open(url, options) {
  const crm = await connect(url ?? (await database()), options);
  opened.push(crm);
  return crm;
}

/** Connects without the library. */
export async function raw(url) {
  const client = new pg.Client(url);
  await client.connect();
  opened.push(client);
  return client;
}

/** Makes a library and a client of one fresh database. */
export async function both(options) {
  const url = await database();
  return { crm: await open(url, options), sql: await raw(url), url };
}

/** Waits until something holds. */
export async function until(holds, message = 'it never came') {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(message);
}

/** Counts the library's connections that are at work. */
export async function busy(sql) {
  // A transaction would see what it has seen before.
  await sql.query('select pg_stat_clear_snapshot()');
  const { rows } = await sql.query(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and application_name = 'crm' and state <> 'idle'`,
  );
  return rows[0].n;
}
