// Runs the cases of tests/contract, which every language runs.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { both } from './support.mjs';

const FOLDER = join(import.meta.dirname, '../../tests/contract');
const EMPTY = readFileSync(join(FOLDER, 'empty.sql'), 'utf8');
const MOMENT = /(^date|^created|^updated|_since$|_until$)/;
const DAY = /^due_/;
const REFERENCE = /^\$([a-z_][a-z0-9_]*)((?:\.[a-z0-9_]+)*)$/;
const { crm, sql } = await both();

/** Leaves a transaction so that it is rolled back. */
class Undone extends Error {}

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);

/** Applies a function to each value of an object. */
const mapped = (object, change, name = (key) => key) =>
  Object.fromEntries(Object.entries(object).map(([key, item]) => [name(key), change(item, key)]));

/** Puts a row's number in the place of each #. */
function numbered(value, number) {
  if (typeof value === 'string') return value.replaceAll('#', number);
  if (Array.isArray(value)) return value.map((item) => numbered(item, number));
  return isObject(value) ? mapped(value, (item) => numbered(item, number)) : value;
}

const MADE = {
  repeat: ([text, times]) => text.repeat(times),
  join: (parts) => parts.join(''),
  times: ([times, item]) => Array.from({ length: times }, (_, n) => numbered(item, String(n))),
};

/** Puts in what names refer to, and writes out what is not. */
function resolve(value, scope) {
  if (typeof value === 'string') {
    const found = REFERENCE.exec(value);
    if (!found) return value;
    assert.ok(found[1] in scope, `nothing is called ${value}`);
    return found[2].split('.').slice(1).reduce((target, part) => target[camel(part)], scope[found[1]]);
  }
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (!isObject(value)) return value;
  const fields = mapped(value, (item) => resolve(item, scope));
  const [key, ...others] = Object.keys(fields);
  return others.length === 0 && key in MADE && Array.isArray(fields[key]) ? MADE[key](fields[key]) : fields;
}

/** Makes JavaScript's value of a case's. */
function given(value, name = '') {
  if (Array.isArray(value)) return value.map((item) => given(item, name));
  if (isObject(value)) return mapped(value, given, camel);
  if (typeof value !== 'string') return value;
  if (MOMENT.test(name) && !DAY.test(name)) return new Date(value);
  return name === 'order' ? camel(value) : value;
}

/** Compares what came with what was expected: of an object only the fields that are named. */
function compare(actual, expected, where) {
  if (Array.isArray(expected)) {
    assert.equal(actual.length, expected.length, where);
    expected.forEach((item, n) => compare(actual[n], item, `${where}[${n}]`));
  } else if (isObject(expected)) {
    for (const [key, item] of Object.entries(expected)) {
      assert.ok(camel(key) in actual, `${where} has no ${camel(key)}`);
      compare(actual[camel(key)], item, `${where}.${key}`);
    }
  } else {
    const shown = (value) => (value instanceof Date ? value.toISOString() : value);
    assert.deepEqual(shown(actual), shown(expected), where);
  }
}

/** Lists what stands before the object of the other arguments. */
const POSITIONAL = {
  get: ['id'], find: ['id'], delete: ['id'], update: ['id'], get_many: ['ids'], create_many: ['rows'],
  find_by_email: ['email'], authenticate: ['email', 'password'],
  change_password: ['id', 'current_password', 'new_password'], set_password: ['id', 'new_password'],
  deactivate: ['id'], reactivate: ['id'], add_tags: ['id', 'tags'], remove_tags: ['id', 'tags'], overview: ['id', 'recent'],
  move_to: ['id', 'stage'], start: ['id'], complete: ['id'], reopen: ['id'], due_tasks: ['today'], snapshot: ['today'],
};

async function call(handle, op, args) {
  const [part, name] = op.split('.');
  const { expected_version: expected, ...more } = args;
  const first = (POSITIONAL[name] ?? []).map((parameter) => given(more[parameter], parameter));
  const named = Object.fromEntries(Object.entries(more).filter(([key]) => !POSITIONAL[name]?.includes(key)));
  const others = Object.keys(named).length > 0 || name === 'update' ? [given(named)] : [];
  const last = expected === undefined ? [] : [{ expectedVersion: given(expected) }];
  const called = handle[part][camel(name)](...first, ...others, ...last);
  if (name !== 'stream') return (await called) ?? null;
  const rows = [];
  for await (const row of called) rows.push(row);
  return rows;
}

/** Does the work, or asserts that it fails as it should. */
async function failsOr(work, expected, op) {
  if (expected === null) return await work();
  const outcome = await work().then((value) => ({ value }), (error) => ({ error }));
  assert.ok('error' in outcome, `${op} should have failed`);
  const { error } = outcome;
  if (error.name !== 'CrmError') throw error;
  const { violations, ...details } = expected;
  for (const [key, value] of Object.entries(details)) {
    assert.equal(error[camel(key)], key === 'field' ? camel(value) : value, `${op} ${key}: ${error}`);
  }
  if (violations !== undefined) {
    assert.deepEqual(
      error.violations.map(({ field, code }) => [field, code]),
      violations.map(([field, code]) => [camel(field), code]),
    );
  }
}

class Runner {
  scope = {};

  constructor(file) {
    this.file = file;
  }

  async steps(steps, txs = []) {
    for (const step of steps) {
      if (typeof step === 'string') await this.call({ ...this.file.given[step], as: step }, txs);
      else if (step.each) await this.each(step, txs);
      else if (step.transaction) await this.transaction(step, txs);
      else if (step.pause) await new Promise((resolve) => setTimeout(resolve, 5));
      else await this.call(step, txs);
    }
  }

  async each({ each: [columns, ...rows], steps }, txs) {
    for (const row of rows) {
      const values = resolve(row, this.scope);
      assert.equal(values.length, columns.length);
      columns.forEach((column, n) => (this.scope[column] = values[n]));
      await this.steps(steps, txs);
    }
  }

  acting(step) {
    const actor = resolve(step.acting_as ?? null, this.scope);
    return actor === null ? undefined : crm.actingAs(actor);
  }

  async transaction(step, txs) {
    const work = async () => {
      try {
        await (txs.at(-1) ?? this.acting(step) ?? crm).transaction(async (tx) => {
          await this.steps(step.transaction, [...txs, tx]);
          if (step.rollback) throw new Undone();
        });
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
      }
    };
    await failsOr(work, resolve(step.error ?? null, this.scope), 'transaction');
  }

  async call(step, txs) {
    const handle = this.acting(step) ?? (step.outside ? crm : (txs.at(step.outer ? -2 : -1) ?? crm));
    const [op, args, error] = [step.op, step.args ?? {}, step.error ?? null].map((value) => resolve(value, this.scope));
    const result = await failsOr(() => call(handle, op, args), error, op);
    if (error !== null) return;
    if (step.as !== undefined) this.scope[step.as] = result;
    if (step.expect !== undefined) compare(result, resolve(step.expect, this.scope), op);
  }
}

for (const name of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
  const file = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
  for (const { name: title, not = [], steps } of file.cases) {
    if (not.includes('node')) continue;
    test(`${name}: ${title}`, async () => {
      await sql.query(EMPTY);
      await new Runner(file).steps(steps);
    });
  }
}
