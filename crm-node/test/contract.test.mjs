// Runs the cases of tests/contract, which every language runs.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { open } from './support.mjs';

const FOLDER = join(import.meta.dirname, '../../tests/contract');
const MOMENT = /(^date|^created|^updated|_since$|_until$)/;
const DAY = /^due_/;

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Makes JavaScript's value of a case's. */
function given(value, results, name = '') {
  if (Array.isArray(value)) return value.map((item) => given(item, results, name));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [camel(key), given(item, results, key)]));
  }
  if (typeof value !== 'string') return value;
  if (value.startsWith('$')) {
    const [result, field] = value.slice(1).split('.');
    return results[result][camel(field)];
  }
  if (MOMENT.test(name) && !DAY.test(name)) return new Date(value);
  return name === 'order' ? camel(value) : value;
}

/** Makes a case's value of JavaScript's. */
function shown(value) {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(shown);
  if (value === undefined) return null;
  return value;
}

function compare(actual, expected, where) {
  if (Array.isArray(expected)) {
    assert.equal(actual.length, expected.length, where);
    expected.forEach((item, n) => compare(actual[n], item, `${where}[${n}]`));
  } else if (expected !== null && typeof expected === 'object') {
    for (const [key, item] of Object.entries(expected)) compare(actual[camel(key)], item, `${where}.${key}`);
  } else {
    assert.deepEqual(shown(actual), expected, where);
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

function call(handle, op, args, results) {
  const [part, name] = op.split('.');
  const { expected_version: expected, ...more } = args;
  const first = (POSITIONAL[name] ?? []).map((parameter) => given(more[parameter], results, parameter));
  const named = Object.fromEntries(Object.entries(more).filter(([key]) => !POSITIONAL[name]?.includes(key)));
  const others = Object.keys(named).length > 0 || name === 'update' ? [given(named, results)] : [];
  const last = expected === undefined ? [] : [{ expectedVersion: given(expected, results) }];
  return handle[part][camel(name)](...first, ...others, ...last);
}

for (const file of readdirSync(FOLDER).filter((file) => file.endsWith('.json'))) {
  for (const { name, steps } of JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))) {
    test(`${file}: ${name}`, async () => {
      const crm = await open();
      const results = {};
      for (const { op, args = {}, acting_as: actor, expect, error, as } of steps) {
        const handle = actor === undefined ? crm : crm.actingAs(given(actor, results));
        const outcome = await call(handle, op, args, results).then((value) => ({ value }), (error) => ({ error }));
        if (error === undefined) {
          if (outcome.error) throw outcome.error;
          if (as !== undefined) results[as] = outcome.value;
          if (expect !== undefined) compare(outcome.value, givenBack(expect, results), op);
          continue;
        }
        assert.ok(outcome.error, `${op} should have failed`);
        const { violations, ...details } = error;
        for (const [key, value] of Object.entries(details)) {
          assert.equal(outcome.error[camel(key)], key === 'field' ? camel(value) : value, `${op} ${key}: ${outcome.error}`);
        }
        if (violations !== undefined) {
          assert.deepEqual(
            outcome.error.violations.map(({ field, code }) => [field, code]),
            violations.map(([field, code]) => [code === 'unknown_field' ? field : camel(field), code]),
          );
        }
      }
    });
  }
}

/** Puts in what an expectation refers to, and leaves the rest as it is written. */
function givenBack(expected, results) {
  if (Array.isArray(expected)) return expected.map((item) => givenBack(item, results));
  if (expected !== null && typeof expected === 'object') {
    return Object.fromEntries(Object.entries(expected).map(([key, item]) => [key, givenBack(item, results)]));
  }
  return typeof expected === 'string' && expected.startsWith('$') ? given(expected, results) : expected;
}
