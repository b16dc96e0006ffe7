// The tests' private server.
import pg from 'pg';

import { embedded } from 'crm-node';

/** Starts a server whose database `crm` is there to be copied; the URL is the superuser's. */
export async function serve() {
  const server = await embedded();
  const url = server.url.replace('crm_embedded@', 'postgres@');
  const admin = new pg.Client(url.replace('/crm?', '/postgres?'));
  await admin.connect();
  // Nobody may be connected to a database that is copied.
  await admin.query('alter database crm allow_connections false');
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'crm'");
  // Of hundreds of databases it would visit several a second.
  await admin.query('alter system set autovacuum = off');
  await admin.query('select pg_reload_conf()');
  await admin.end();
  return { url, close: () => server.close() };
}
