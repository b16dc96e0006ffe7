// Values of all kinds for whatever takes some: a call resolves, or rejects with a `CrmError` or with what the value itself has thrown.
//
//   CRM_CASES=20000 CRM_SEED=7 node --test test/fuzz.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CrmError, connect } from 'crm-node';

import { both, busy, until } from './support.mjs';

const cases = Number(process.env.CRM_CASES ?? 600);
const seed = Number(process.env.CRM_SEED ?? Date.now() % 1_000_000);
let state = seed;

/** Returns a number from 0 to below 1 (mulberry32). */
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const below = (n) => Math.floor(chance() * n);
const pick = (list) => list[below(list.length)];
const mine = new RangeError('mine');
const fail = () => { throw mine; };

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

/** Is what the engine itself throws where such a value is read, or called as the work of a transaction. */
const OWN = /revoked|without 'new'/;

class Odd {
  title = 'odd';
  get [Symbol.toStringTag]() { return pick(['Object', 'Array', 'Date', '']); }
}

class OddDate extends Date {
  getTime() { return pick(['x', 10n, {}, NaN]); }
}

class OddArray extends Array {
  *[Symbol.iterator]() { yield 'a'; yield this; }
}

const PLAIN = [
  undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, 10n, Symbol('x'), '',
  'a', 'Acme', 'a@b.co', '+1-555-0123', 'lead', 'won', '12.50', '1e3', '-created_at', 'name', '-id', '2026-01-02', '2026-13-45',
  'a\ud800', '\udc00', '\0', '\u{1f680}', 'x'.repeat(300), '__proto__', 'constructor', fail, () => 7, async () => 7, class {},
];

const MADE = [
  () => new Date(), () => new Date(NaN), () => new Date(8.64e15), () => new Date(-8.64e15), () => new OddDate(), () => new Odd(), revoked,
  () => new Proxy({ title: 'p', name: 'p' }, { get: (of, key) => (below(3) ? of[key] : fail()) }),
  () => new Proxy({}, { ownKeys: fail }), () => new Proxy([], {}), () => new Proxy(() => {}, {}), () => new Map([['title', 'a']]),
  () => new Set([1]), () => /x/, () => new Error('x'), () => Promise.resolve(1), () => Promise.reject(mine).catch(() => {}),
  () => new Uint8Array(3), () => new ArrayBuffer(3), () => Object(1n), () => Object('a'), () => Object(1), () => new WeakMap(),
  () => Object.create(null), () => Object.freeze({ title: 'a' }), () => new Array(5), () => new OddArray(3), () => [, 'a'],
  () => ({ toString: fail, valueOf: fail }), () => ({ get title() { return fail(); } }), () => ({ toJSON: fail }),
  () => AbortSignal.abort(), () => new AbortController().signal, () => ({ signal: pick([AbortSignal.abort(), null, 7, {}]) }),
  () => { const o = { title: 'a' }; o.tags = o; return o; }, () => { const a = ['a']; a.push(a, a); return a; },
  () => Object.defineProperty({}, 'title', { enumerable: true, get: () => pick(PLAIN) }), () => ({ ['__proto__']: 1, constructor: 2 }),
  () => globalThis, () => Buffer.from('a'), () => Intl, () => function* () {}, () => (function () { return arguments; })(1, 2),
];

const ROWS = [
  () => ({ name: 'Ann', email: `a${below(1e9)}@b.co`, passwordHash: '$2b$04$G46UZnhR7M7KIiI60A/1C.OrgJfSovw48A1l/Y8K4LruKEcRx6l7C' }),
  () => ({ name: 'Acme', email: 'a@b.co', phone: '110', tags: ['a'], notes: 'n', company: 'c' }),
  () => ({ title: 'Deal', value: '12.50', stage: 'lead', customerId: 1, assignedTo: 1 }),
  () => ({ title: 'Call', dueDate: '2026-01-02', status: 'pending', priority: 'low' }),
  () => ({ customerId: 1, type: 'call', date: new Date(), notes: 'n' }),
  () => ({ order: '-id', limit: 5, cursor: null, text: 'a', ids: [1], createdSince: new Date(0) }),
  () => ({ expectedVersion: 1, signal: null }),
  () => ({ attempts: 2, maxConnections: 1, statementTimeout: 1000, applicationName: 'crm' }),
];

function value(depth = 0) {
  const kind = below(depth < 3 ? 6 : 3);
  if (kind < 2) return pick(PLAIN);
  if (kind === 2) return pick(MADE)();
  if (kind === 3) return Array.from({ length: below(4) }, () => value(depth + 1));
  const row = pick(ROWS)();
  for (let changes = below(3); changes > 0; changes -= 1) {
    const key = below(4) ? pick(Object.keys(row)) : pick(['x', 'customer_id', '', '__proto__', 'tags', 'Title', 'é']);
    if (below(4)) row[key] = value(depth + 1);
    else delete row[key];
  }
  return row;
}

/** Lists what takes values, each as a call that must give a promise. */
function operations(crm, url) {
  const list = [];
  for (const handle of [crm, crm.actingAs(1)]) {
    for (const name of ['users', 'customers', 'leads', 'tasks', 'interactions']) {
      const all = Object.getPrototypeOf(handle[name]);
      for (let of = all; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
        for (const method of Object.getOwnPropertyNames(of)) {
          // What names start with # or are not public is not there, and a stream is a promise when it is asked.
          if (['constructor', 'call', 'rows', 'slot', 'op', 'stream'].includes(method) || typeof handle[name][method] !== 'function') continue;
          list.push([`${name}.${method}`, (...given) => handle[name][method](...given)]);
        }
      }
      list.push([`${name}.stream`, (...given) => handle[name].stream(...given).next()]);
    }
    for (const report of ['customerActivity', 'pipeline', 'dueTasks', 'snapshot']) {
      list.push([`reports.${report}`, (...given) => handle.reports[report](...given)]);
    }
    list.push(['transaction', (...given) => handle.transaction(...given)], ['retry', (...given) => handle.retry(...given)]);
    list.push(['transaction', (...given) => handle.transaction((tx) => tx.leads.create(...given))]);
    list.push(['retry', (...given) => handle.retry(async (tx) => tx.customers.createMany(...given), given[1])]);
  }
  list.push(['actingAs', (given) => crm.actingAs(given).leads.count()]);
  const closing = async (opened) => (await opened).close();
  list.push(['connect', (given) => closing(connect(url, given))], ['connect', (given) => closing(connect(typeof given === 'string' ? '' : given ?? ''))]);
  return list;
}

test('whatever is given, a call resolves or rejects in its own way, and the handle works afterwards', async () => {
  const { crm, sql, url } = await both();
  await crm.users.create({ name: 'Ann', email: 'ann@example.com', password: 'correct horse' });
  const known = operations(crm, url);
  assert.ok(known.length > 100);
  const strange = [];
  for (let n = 0; n < cases; n += 1) {
    const [name, call] = pick(known);
    const given = Array.from({ length: 1 + below(3) }, () => value());
    let promise;
    try {
      promise = call(...given);
    } catch (error) {
      strange.push([n, name, 'throws at once', error]);
      continue;
    }
    assert.ok(promise instanceof Promise, name);
    await promise.then(undefined, (error) => {
      const own = error === mine || error?.name === 'AbortError' || (error instanceof TypeError && OWN.test(error.message));
      const told = error instanceof CrmError && error.code !== 'internal' && !JSON.stringify(error).includes('G46UZnhR7');
      if (!own && !told) strange.push([n, name, given, error]);
    });
  }
  assert.deepEqual(strange, [], `CRM_SEED=${seed}`);
  const { id } = await crm.customers.create({ name: 'after', tags: ['a'] });
  assert.deepEqual((await crm.customers.get(id)).tags, ['a']);
  await until(async () => (await busy(sql)) === 0);
});

test('what is too much at once is refused, and nothing is lost by it', async () => {
  const { crm } = await both();
  const half = 'x'.repeat(2 ** 28);
  for (const row of [{ name: 'a', tags: new Array(2 ** 32 - 1) }, { name: 'a', tags: [half, half] }]) {
    await assert.rejects(crm.customers.create(row), (error) => error.violations[0].code === 'too_long');
  }
  await assert.rejects(crm.customers.createMany(new Array(2 ** 32 - 1)), { code: 'validation' });
  assert.equal((await crm.customers.create({ name: 'after' })).name, 'after');
});

test('what holds itself is refused, however often it does', async () => {
  const { crm } = await both();
  const wide = { title: 'a' };
  for (let n = 0; n < 100; n += 1) wide[`k${n}`] = wide;
  const list = ['a'];
  for (let n = 0; n < 100; n += 1) list.push(list);
  await assert.rejects(crm.leads.create(wide), (error) => error.violations.length === 100);
  await assert.rejects(crm.customers.create({ name: 'a', tags: list }), (error) => error.violations[0].field === 'tags[1]');
  await assert.rejects(crm.actingAs(wide).leads.count(), { code: 'validation' });
  // The same twice is no cycle.
  const tags = ['x'];
  assert.equal((await crm.customers.createMany([{ name: 'a', tags }, { name: 'b', tags }])).length, 2);
});

test('a Date is read as what it is, whatever its class makes of it', async () => {
  const { crm } = await both();
  const { id } = await crm.customers.create({ name: 'Acme' });
  class Late extends Date {
    getTime() { return 10n; }
  }
  const date = new Late(1_000);
  assert.equal(Date.prototype.getTime.call((await crm.interactions.create({ customerId: id, type: 'call', date })).date), 1_000);
});

test('what cannot be read as a user is refused by each call, and not at once', async () => {
  const { crm } = await both();
  const unreadable = new Proxy({}, { ownKeys: fail });
  await assert.rejects(crm.actingAs(unreadable).leads.count(), (error) => error.violations[0].field === 'userId');
});
