// What the tests share: one private server, of all files where run.mjs runs them and else of one, and a fresh database a test.
import { after } from 'node:test';

import pg from 'pg';

import { connect } from 'crm-node';

import { serve } from './server.mjs';

const shared = process.env.CRM_TEST_SERVER;
const own = shared ? undefined : await serve();
const server = shared ?? own.url;
const admin = new pg.Client(server.replace('/crm?', '/postgres?'));
await admin.connect();
let count = 0;

const opened = [];
after(async () => {
  await Promise.all(opened.map((open) => open.close?.() ?? open.end()));
  await admin.end();
  await own?.close();
});

/** Makes a database and returns its URL. */
export async function database({ migrated = true } = {}) {
  const name = `test_${process.pid}_${(count += 1)}`;
  await admin.query(`create database ${name} owner crm_embedded template ${migrated ? 'crm' : 'template0'}`);
  return server.replace('/crm?', `/${name}?`);
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
