import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import * as esm from 'crm-node';

const crate = join(import.meta.dirname, '../..');

test('the ten lines of the READMEs are the quickstart', () => {
  const quickstart = readFileSync(join(crate, 'examples/node/quickstart.mjs'), 'utf8').replace(/^.*\n/, '');
  for (const readme of ['README.md', 'crm-node/README.md']) {
    assert.ok(readFileSync(join(crate, readme), 'utf8').includes('```js\n' + quickstart + '```'), readme);
  }
});

test('both kinds of modules export the same', () => {
  const cjs = createRequire(import.meta.url)('crm-node');
  assert.deepEqual(Object.keys(esm).sort(), Object.keys(cjs).sort());
  for (const [name, value] of Object.entries(cjs)) assert.equal(esm[name], value);
});

/** Lists the labels of an enum of the domain. */
function labels(file, name) {
  const source = readFileSync(join(crate, 'crm-core/src', file), 'utf8');
  const body = source.slice(source.indexOf(`pub enum ${name} (`)).split('\n    }')[0];
  return [...body.matchAll(/ = "(.*)",/g)].map(([, label]) => label);
}

/** Lists the texts of a union in the types. */
function union(name) {
  const types = readFileSync(join(import.meta.dirname, '../lib/errors.d.ts'), 'utf8');
  const [, body] = new RegExp(`export type ${name} = ([^;]*);`).exec(types);
  return [...body.matchAll(/'(.*?)'/g)].map(([, label]) => label);
}

test('the catalogues of codes are those of the domain', () => {
  assert.deepEqual(union('ErrorCode'), labels('errors/error.rs', 'ErrorCode'));
  assert.deepEqual(union('ViolationCode'), labels('errors/violation.rs', 'ViolationCode'));
  assert.ok(union('ErrorCode').length > 10);
});
