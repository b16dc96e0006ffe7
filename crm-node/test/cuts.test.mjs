// Connections that are cut in the middle of calls: what each error says is true.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';

import { CrmError } from 'crm-node';

import { database, open, raw, until } from './support.mjs';

/** Is at how many places each way is cut. */
const PLACES = process.env.CRM_THOROUGH ? 12 : 5;

/** Hands bytes on between the library and a server, up to the byte at which the next connection is to be cut. */
class Proxy {
  passed = [0, 0];
  cut;

  static async before(url) {
    const { pathname, searchParams } = new URL(url);
    const proxy = new Proxy();
    proxy.server = net.createServer((client) => {
      const server = net.connect(`${searchParams.get('host')}/.s.PGSQL.5432`);
      proxy.#pump(0, client, server);
      proxy.#pump(1, server, client);
    });
    after(() => proxy.server.close());
    await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    proxy.url = `postgres://postgres@127.0.0.1:${proxy.server.address().port}${pathname}`;
    return proxy;
  }

  /** Begins to count, and cuts a way (0 to the server, 1 to the client) after so many bytes. */
  arm(cut) {
    this.passed = [0, 0];
    this.cut = cut;
  }

  #pump(way, from, to) {
    from.setNoDelay?.(true);
    from.on('data', (data) => {
      const { cut } = this;
      if (cut !== undefined && cut.way === way && cut.after <= this.passed[way] + data.length) {
        this.cut = undefined;
        to.end(data.subarray(0, cut.after - this.passed[way]), () => {
          from.destroy();
          to.destroy();
        });
        from.pause();
      } else {
        this.passed[way] += data.length;
        to.write(data);
      }
    });
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  }
}

const calls = {
  read: { rows: 0, call: (crm) => crm.customers.list({ text: 'nobody' }) },
  write: { rows: 1, call: (crm, name) => crm.customers.create({ name }) },
  transaction: {
    rows: 2,
    call: (crm, name) =>
      crm.transaction(async (tx) => {
        const { id } = await tx.customers.create({ name });
        await tx.interactions.create({ customerId: id, type: 'call' });
        await tx.customers.create({ name });
      }),
  },
  copy: { rows: 600, call: (crm, name) => crm.customers.createMany(Array(600).fill({ name })) },
};

for (const [kind, { rows, call }] of Object.entries(calls)) {
  test(`a ${kind} cut anywhere is whole or absent, and its error is true`, async () => {
    const url = await database();
    const proxy = await Proxy.before(url);
    const [crm, sql] = [await open(proxy.url, { maxConnections: 1 }), await raw(url)];
    const busy = `select from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`;
    for (let n = 0; n < 2; n += 1) {
      proxy.arm();
      await call(crm, 'recorded');
    }
    for (const [way, bytes] of proxy.passed.entries()) {
      for (let after = 0; after < bytes; after += Math.floor(bytes / PLACES) + 1) {
        const name = `${way} ${after}`;
        // So that the connection is open and knows the statements.
        await call(crm, 'warm');
        proxy.arm({ way, after });
        const failed = await call(crm, name).then(
          () => undefined,
          (error) => error,
        );
        proxy.arm();
        if (failed !== undefined) {
          assert.ok(failed instanceof CrmError && failed.code === 'unavailable', `${name}: ${failed}`);
          assert.equal(failed.retryable, !failed.outcomeUnknown);
          assert.notEqual(kind, 'read', 'a read is repeated');
          // What was known to be undone can be done again.
          if (failed.retryable) await call(crm, name);
        }
        await until(async () => (await sql.query(busy)).rowCount === 0);
        const count = await sql.query('select from crm.customers where name = $1', [name]);
        const known = failed === undefined || failed.retryable;
        assert.ok(count.rowCount === rows || (!known && count.rowCount === 0), `${name}: ${count.rowCount}, ${failed}`);
      }
    }
  });
}
