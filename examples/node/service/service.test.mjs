// Tries the service over HTTP, on real servers: `npm test --prefix examples/node`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { connect, embedded } from 'crm-node';

import { buildApp } from './app.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const secret = 'of the tests';

/** Makes a client of a service, which sends what it is given and returns what comes back. */
function clientOf(address, token) {
  return async function send(method, path, body, headers = {}, signal) {
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
}

async function logIn(address, email, password) {
  const { status, body } = await clientOf(address)('POST', '/login', { email, password });
  assert.equal(status, 200);
  return clientOf(address, body.token);
}

/** Asks until the answer has this status. */
async function untilStatus(status, ask) {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await ask();
    if (answer.status === status) return answer;
    await sleep(50);
  }
  assert.fail(`no answer has been a ${status}`);
}

const violationsOf = ({ body }) => body.violations.map(({ field, code }) => `${field} ${code}`).sort();

describe('the service', () => {
  let crm;
  let app;
  let address;
  let anyone;
  let admin;
  let user;

  before(async () => {
    crm = await embedded();
    const passwords = await crm.seed();
    app = await buildApp(crm, { secret });
    address = await app.listen({ port: 0 });
    anyone = clientOf(address);
    admin = await logIn(address, 'admin@crm.com', passwords.admin);
    user = await logIn(address, 'USER@crm.com', passwords.user);
  });

  after(async () => {
    await app?.close();
    await crm?.close();
  });

  it('refuses a wrong login without saying what was wrong', async () => {
    const wrong = await anyone('POST', '/login', { email: 'admin@crm.com', password: 'wrong password' });
    const unknown = await anyone('POST', '/login', { email: 'nobody@crm.com', password: 'wrong password' });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.code, 'invalid_credentials');
    assert.equal(wrong.headers.get('www-authenticate'), 'Bearer');
    assert.deepEqual(unknown.body, wrong.body);
    const empty = await anyone('POST', '/login');
    assert.equal(empty.status, 400);
    assert.match(violationsOf(empty)[0], /^email /);
  });

  it('refuses whoever has no token, a bad one, or one of somebody who may not act any more', async () => {
    for (const path of ['/customers', '/leads/1', '/tasks', '/reports/pipeline']) {
      assert.equal((await anyone('GET', path)).status, 401, path);
    }
    assert.equal((await clientOf(address, 'nonsense')('GET', '/customers')).status, 401);
    const forged = app.jwt.sign({ sub: '1' }, { key: 'of somebody else' });
    assert.equal((await clientOf(address, forged)('GET', '/customers')).status, 401);
    const expired = app.jwt.sign({ sub: '1', iat: 1, exp: 2 });
    assert.equal((await clientOf(address, expired)('GET', '/customers')).status, 401);

    await crm.users.create({ name: 'Gone', email: 'gone@crm.com', password: 'a long password' });
    const gone = await logIn(address, 'gone@crm.com', 'a long password');
    assert.equal((await gone('GET', '/customers?limit=1')).status, 200);
    await crm.users.deactivate((await crm.users.findByEmail('gone@crm.com')).id);
    assert.equal((await gone('GET', '/customers?limit=1')).status, 403);
  });

  const samples = {
    customers: {
      row: { name: 'Initech', tags: ['Trial'] },
      patch: { phone: '+1-555-0199', tags: null },
      after: { name: 'Initech', phone: '+1-555-0199', tags: [] },
    },
    leads: {
      row: { title: 'Printers', value: 1200 },
      patch: { stage: 'proposal' },
      after: { title: 'Printers', stage: 'proposal', value: '1200.00' },
    },
    tasks: {
      row: { title: 'Call', dueDate: '2026-03-01' },
      patch: { dueDate: null },
      after: { title: 'Call', dueDate: null, priority: 'medium' },
    },
  };
  for (const [name, sample] of Object.entries(samples)) {
    it(`creates, reads, changes and deletes ${name}`, async () => {
      const created = await user('POST', `/${name}`, sample.row);
      assert.equal(created.status, 201);
      assert.equal(created.body.createdBy, 2);
      const path = created.headers.get('location');
      assert.equal(path, `/${name}/${created.body.id}`);

      const read = await user('GET', path);
      assert.deepEqual(read.body, created.body);
      const etag = read.headers.get('etag');
      const changed = await admin('PATCH', path, sample.patch, { 'if-match': etag });
      assert.equal(changed.status, 200);
      assert.deepEqual({ ...changed.body, ...sample.after }, changed.body);
      assert.equal(changed.body.updatedBy, 1);
      assert.notEqual(changed.headers.get('etag'), etag);

      const stale = await user('PATCH', path, sample.patch, { 'if-match': etag });
      assert.equal(stale.status, 409);
      assert.equal(stale.body.code, 'conflict');
      assert.equal(stale.body.currentVersion, 2);
      assert.equal((await user('PATCH', path, sample.patch)).status, 200);

      assert.equal((await admin('DELETE', path)).status, 204);
      for (const method of ['GET', 'DELETE']) {
        const missing = await admin(method, path);
        assert.equal(missing.status, 404);
        assert.equal(missing.body.id, created.body.id);
      }
      assert.equal((await admin('PATCH', path, sample.patch)).status, 404);
    });
  }

  it('lets PostgreSQL say who may delete', async () => {
    const { body: customer } = await user('POST', '/customers', { name: 'Kept' });
    const refused = await user('DELETE', `/customers/${customer.id}`);
    assert.equal(refused.status, 403);
    assert.equal(refused.body.code, 'permission_denied');
    const { body: theirs } = await admin('POST', '/tasks', { title: 'Of the admin' });
    assert.equal((await user('DELETE', `/tasks/${theirs.id}`)).status, 403);
    const { body: own } = await user('POST', '/tasks', { title: 'Of the user' });
    assert.equal((await user('DELETE', `/tasks/${own.id}`)).status, 204);
    assert.equal((await user('POST', '/tasks', { title: 'Forged', createdBy: 1 })).status, 403);
    assert.equal((await user('DELETE', '/customers/999999')).status, 403);
  });

  it('tells every rule that an input breaks, by the names of its fields', async () => {
    const customer = await user('POST', '/customers', { name: ' ', email: 'x', nmae: 'Typo' });
    assert.equal(customer.status, 400);
    assert.equal(customer.body.code, 'validation');
    assert.deepEqual(violationsOf(customer), ['email invalid_email', 'name required', 'nmae unknown_field']);
    const lead = await user('POST', '/leads', { title: 'x'.repeat(256), value: '1.005', customerId: '7', stage: 'won' });
    assert.deepEqual(violationsOf(lead), [
      'customerId invalid_type', 'stage invalid_choice', 'title too_long', 'value too_precise',
    ]);
    const task = await user('POST', '/tasks', { title: 'x', dueDate: '2026-02-30' });
    assert.deepEqual(violationsOf(task), ['dueDate invalid_type']);
    assert.deepEqual(violationsOf(await user('POST', '/customers', {})), ['name required']);
    for (const body of [undefined, null]) {
      assert.deepEqual(violationsOf(await user('POST', '/customers', body)), ['row required']);
    }
    const query = await user('GET', '/leads?limit=many&unassigned=perhaps&ids=1&ids=x&createdSince=today&colour=red');
    assert.deepEqual(violationsOf(query), [
      'colour unknown_field', 'createdSince invalid_type', 'ids[1] invalid_type', 'limit invalid_type',
      'unassigned invalid_type',
    ]);
    assert.deepEqual(violationsOf(await user('GET', '/customers?limit=1001')), ['limit out_of_range']);
    assert.deepEqual(violationsOf(await user('GET', '/customers?cursor=x')), ['cursor invalid_cursor']);
    assert.deepEqual(violationsOf(await user('GET', '/customers/first')), ['id invalid_type']);
    const unversioned = await user('PATCH', '/customers/1', {}, { 'if-match': '"new"' });
    assert.deepEqual(violationsOf(unversioned), ['expectedVersion invalid_type']);
    assert.deepEqual(violationsOf(await user('POST', '/leads/1/move', { stage: 'won' })), ['stage invalid_choice']);
    assert.deepEqual(violationsOf(await user('GET', '/reports/due-tasks')), ['today required']);

    const missing = await user('POST', '/leads', { title: 'x', customerId: 999999 });
    assert.equal(missing.status, 422);
    assert.equal(missing.body.field, 'customerId');
    const garbled = await fetch(`${address}/login`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{',
    });
    assert.equal(garbled.status, 400);
    assert.equal((await user('GET', '/nowhere')).status, 404);
  });

  it('lists by filter and order, page by page', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `Paged ${n}`);
    await crm.customers.createMany(names.map((name) => ({ name, tags: ['paged'] })));
    const seen = [];
    let cursor = '';
    do {
      const { status, body } = await user('GET', `/customers?tagsAny=paged&order=-name&limit=3${cursor}`);
      assert.equal(status, 200);
      seen.push(body.items.map(({ name }) => name));
      cursor = body.nextCursor === null ? null : `&cursor=${encodeURIComponent(body.nextCursor)}`;
    } while (cursor !== null);
    assert.deepEqual(seen.map((page) => page.length), [3, 3, 1]);
    assert.deepEqual(seen.flat(), names.reverse());

    const { body: all } = await user('GET', '/customers?tagsAny=paged');
    const ids = all.items.slice(0, 2).map(({ id }) => id);
    assert.deepEqual((await user('GET', `/customers?ids=${ids[0]}&ids=${ids[1]}`)).body.items.map(({ id }) => id), ids);
    const until = encodeURIComponent('2001-01-01T00:00:00+02:00');
    const none = await user('GET', `/customers?tagsAny=paged&createdUntil=${until}`);
    assert.deepEqual(none.body, { items: [], nextCursor: null });
    const { body: leads } = await user('GET', '/leads?minValue=0&stage=lead&stage=qualified&unassigned=false');
    assert.ok(leads.items.length > 0 && leads.items.every(({ stage }) => stage !== 'proposal'));
    const { body: tasks } = await user('GET', '/tasks?status=pending&order=priority&limit=1');
    assert.equal(tasks.items[0].status, 'pending');
  });

  it('moves leads, completes tasks and reports', async () => {
    const { body: customer } = await user('POST', '/customers', { name: 'Umbrella' });
    const { body: lead } = await user('POST', '/leads', { title: 'Move me', value: '0.10', customerId: customer.id });
    const proposals = async () => (await user('GET', '/reports/pipeline')).body.find(({ stage }) => stage === 'proposal');
    const before = await proposals();
    const moved = await user('POST', `/leads/${lead.id}/move`, { stage: 'proposal' });
    assert.equal(moved.body.stage, 'proposal');
    assert.equal(moved.headers.get('etag'), '"2"');
    const cents = ({ totalValue }) => BigInt(totalValue.replace('.', ''));
    assert.equal((await proposals()).count, before.count + 1);
    assert.equal(cents(await proposals()), cents(before) + 10n);

    const toDo = { title: 'Due', dueDate: '2031-05-03', customerId: customer.id, assignedTo: 2 };
    const { body: task } = await user('POST', '/tasks', toDo);
    const due = async () => {
      const { body } = await user('GET', '/reports/due-tasks?today=2031-05-04&withinDays=0');
      return body.items.find(({ id }) => id === task.id);
    };
    assert.deepEqual(await due(), { ...task, customerName: 'Umbrella', assignedToName: 'Regular User', overdue: true });
    assert.equal((await user('POST', `/tasks/${task.id}/complete`)).body.status, 'completed');
    assert.equal(await due(), undefined);
    assert.equal((await user('POST', '/tasks/999999/complete')).status, 404);

    await crm.interactions.create({ customerId: customer.id, type: 'call', date: new Date('2031-05-04T10:00:00.000Z') });
    const { body: activity } = await user('GET', '/reports/customer-activity?limit=1');
    assert.deepEqual(activity.items, [{ ...customer, interactionCount: 1, lastInteraction: '2031-05-04T10:00:00.000Z' }]);
    const more = `limit=1000&includeInactive=false&cursor=${activity.nextCursor}`;
    const { body: next } = await user('GET', `/reports/customer-activity?${more}`);
    assert.ok(next.items.length > 0 && next.items.every(({ interactionCount }) => interactionCount > 0));
  });

  it('describes itself', async () => {
    const { status, body: document } = await anyone('GET', '/openapi.json');
    assert.equal(status, 200);
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`));
    assert.deepEqual(listed.sort(), [
      ...['customers', 'leads', 'tasks'].flatMap((name) => [
        `get /${name}`, `post /${name}`, `get /${name}/{id}`, `patch /${name}/{id}`, `delete /${name}/{id}`,
      ]),
      'get /health', 'post /login', 'post /leads/{id}/move', 'post /tasks/{id}/complete', 'get /reports/pipeline',
      'get /reports/customer-activity', 'get /reports/due-tasks',
    ].sort());
    assert.deepEqual(document.paths['/login'].post.security, []);

    // What the document says of a row is what a row has, and every filter that it names is one.
    for (const [name, model] of [['customers', 'Customer'], ['leads', 'Lead'], ['tasks', 'Task']]) {
      const { body } = await user('GET', `/${name}?limit=1`);
      const described = document.components.schemas[model].properties;
      assert.deepEqual(Object.keys(body.items[0]).sort(), Object.keys(described).sort());
      for (const { name: parameter } of document.paths[`/${name}`].get.parameters) {
        const answer = await user('GET', `/${name}?${parameter}=%00`);
        const unknown = answer.status === 400 && violationsOf(answer).includes(`${parameter} unknown_field`);
        assert.ok(!unknown, `${name} ${parameter}`);
      }
    }
  });

  it('stops the query of a client that goes away', async () => {
    const { body: customer } = await user('POST', '/customers', { name: 'Contested' });
    const path = `/customers/${customer.id}`;
    await crm.transaction(async (tx) => {
      await tx.customers.update(customer.id, { notes: 'first' });
      const impatient = user('PATCH', path, { notes: 'too late' }, {}, AbortSignal.timeout(300));
      await assert.rejects(impatient, { name: 'TimeoutError' });
      // The server has a second to stop the work, which waits for this transaction.
      await sleep(1000);
    });
    const { body } = await user('GET', path);
    assert.equal(body.notes, 'first');
    assert.equal(body.version, 2);
  });
});

/** Starts a server in a process of its own, which can be killed. */
async function startServer(path) {
  const code = `
    import { embedded } from 'crm-node';
    const crm = await embedded({ path: process.argv[1] });
    console.log(crm.url);
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, path], {
    cwd: here,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) return { child, url: new URL(line) };
  throw new Error('the server has not started');
}

describe('the service while its database is down', () => {
  it('says so, and recovers without a restart', async () => {
    const data = await mkdtemp(join(tmpdir(), 'crm-service-'));
    // A restarted server has its socket elsewhere; this leads there.
    const socket = `${data}.socket`;
    let { child, url } = await startServer(data);
    let crm;
    let app;
    try {
      await symlink(url.searchParams.get('host'), socket);
      url.searchParams.set('host', socket);
      crm = await connect(url.href);
      const passwords = await crm.seed();
      app = await buildApp(crm, { secret });
      const address = await app.listen({ port: 0 });
      const anyone = clientOf(address);
      const user = await logIn(address, 'user@crm.com', passwords.user);
      assert.deepEqual((await anyone('GET', '/health')).body, { status: 'ok' });

      child.kill('SIGKILL');
      await once(child, 'exit');
      const down = await untilStatus(503, () => anyone('GET', '/health'));
      assert.equal(down.body.code, 'unavailable');
      assert.doesNotMatch(JSON.stringify(down.body), /crm-service/);
      const requests = [
        ['GET', '/customers'],
        ['POST', '/leads', { title: 'Lost' }],
        ['POST', '/login', { email: 'user@crm.com', password: passwords.user }],
      ];
      for (const [method, path, body] of requests) {
        const refused = await user(method, path, body);
        assert.equal(refused.status, 503, path);
        assert.equal(refused.headers.get('retry-after'), '1');
      }

      ({ child, url } = await startServer(data));
      await unlink(socket);
      await symlink(url.searchParams.get('host'), socket);
      await untilStatus(200, () => anyone('GET', '/health'));
      assert.equal((await user('POST', '/leads', { title: 'Found' })).status, 201);
      assert.equal((await user('GET', '/leads?text=lost')).body.items.length, 0);

      // What only the operator can mend says nothing to the client.
      await crm.migrateTo(0);
      const broken = await user('GET', '/customers');
      assert.deepEqual([broken.status, broken.body.code], [503, 'schema']);
      assert.doesNotMatch(broken.body.message, /migrate/);
    } finally {
      await app?.close();
      await crm?.close();
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(socket, { force: true });
      await rm(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  });
});

/** Starts main.mjs. */
function startMain(env) {
  const { CRM_DATABASE_URL, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(here, 'main.mjs')], {
    env: { ...inherited, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  async function untilItSays(wanted) {
    for (let tries = 0; tries < 600 && child.exitCode === null; tries += 1) {
      if (wanted.test(said)) return said;
      await sleep(50);
    }
    assert.fail(`main.mjs does not say ${wanted}, but: ${said}`);
  }
  return { child, exited: once(child, 'exit'), untilItSays };
}

describe('main.mjs', () => {
  it('starts on a private database, says how to log in, and ends when it is told to', async () => {
    const { child, exited, untilItSays } = startMain({});
    try {
      const said = await untilItSays(/openapi\.json/);
      const logins = [...said.matchAll(/curl (\S+)\/login .* -d '(.*)'/g)];
      assert.equal(logins.length, 2);
      for (const [, address, body] of logins) {
        const { email, password } = JSON.parse(body);
        const client = await logIn(address, email, password);
        assert.equal((await client('GET', '/reports/pipeline')).body.length, 4);
      }
      child.kill('SIGINT');
      assert.deepEqual(await exited, [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('works on the database it is given, and answers what is under way before it ends', async () => {
    const crm = await embedded();
    const { child, exited, untilItSays } = startMain({ CRM_DATABASE_URL: crm.url, JWT_SECRET: secret });
    try {
      const [, address] = /listening at (\S+)"/.exec(await untilItSays(/listening at /));
      await crm.users.create({ name: 'Ann', email: 'ann@crm.com', password: 'a long password' });
      const ann = await logIn(address, 'ann@crm.com', 'a long password');
      const { id } = await crm.customers.create({ name: 'Contested' });
      let answer;
      await crm.transaction(async (tx) => {
        await tx.customers.update(id, { notes: 'first' });
        answer = ann('PATCH', `/customers/${id}`, { notes: 'second' });
        await untilItSays(/"method":"PATCH"/);
        child.kill('SIGTERM');
        await sleep(500);
      });
      assert.equal((await answer).status, 200);
      const answered = Date.now();
      assert.deepEqual(await exited, [0, null]);
      assert.ok(Date.now() - answered < 5000);
      assert.equal((await crm.customers.get(id)).notes, 'second');
    } finally {
      child.kill('SIGKILL');
      await crm.close();
    }
  });
});
