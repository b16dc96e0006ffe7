// Compares what the package has with what the library has: tests/contract/catalogue/surface.txt, which is read off the Rust sources.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { open } from './support.mjs';

const CATALOGUE = join(import.meta.dirname, '../../tests/contract/catalogue');
const LIB = join(import.meta.dirname, '../lib');
const ENTITIES = { users: 'User', customers: 'Customer', leads: 'Lead', tasks: 'Task', interactions: 'Interaction' };
const RECORDS = [
  'User', 'Customer', 'Lead', 'Task', 'Interaction', 'CustomerActivity', 'DueTask', 'PipelineStage', 'Snapshot', 'TagCount', 'CustomerOverview',
  'Page', 'Violation', 'Migration', 'Manifest', 'Progress', 'Seeded',
];
const LISTS = { Role: 'ROLES', Stage: 'STAGES', TaskStatus: 'TASK_STATUSES', Priority: 'PRIORITIES', InteractionType: 'INTERACTION_TYPES' };
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Is what tsc has written, without comments. */
const types = [
  'calls', 'crm', 'errors', 'index', 'inputs', 'page', 'records', 'repositories', 'values', 'generated/inputs', 'generated/records',
]
  .map((name) => readFileSync(join(LIB, `${name}.d.ts`), 'utf8'))
  .join('\n')
  .replace(/\/\*[^]*?\*\//g, '');

/** Returns the head and the body of an interface or a class. */
function declared(kind, name) {
  const found = new RegExp(`${kind} ${name}\\b([^{]*)\\{([^]*?)\\n\\}`).exec(types);
  assert.ok(found, `there is no ${kind} ${name}`);
  return { head: found[1], body: found[2] };
}

/** Lists the fields of an interface and of what it extends; one that may be left out has a ? behind it. */
function fields(name) {
  const { head, body } = declared('interface', name);
  const omitted = /Omit<(\w+), '(\w+)'>/.exec(head);
  const bases = [...head.matchAll(/(?:extends|,) (\w+)(?=[, ]|$)/g)].map(([, base]) => base);
  const own = [...body.matchAll(/^    (?:readonly )?(\w+)(\??): /gm)].map(([, field, mark]) => snake(field) + mark);
  return [
    ...own,
    ...bases.flatMap(fields),
    ...(omitted ? fields(omitted[1]).filter((field) => field !== `${omitted[2]}?`) : []),
  ].filter((field) => field !== 'signal?');
}

/** Lists what a parameter means: itself, or the fields of an object. Every call may be given a signal, which is no parameter of the library's. */
function meant(entity, parameter) {
  const [, name, mark, type] = /^(\w+)(\??): ([^]*)$/.exec(parameter.trim());
  const optional = (list) => list.map((field) => (field.endsWith('?') ? field : `${field}?`));
  if (name === 'options') return optional(fields(type));
  if (type === 'New') return fields(`New${entity}`);
  if (type === 'Patch') return optional(fields(`${entity}Patch`));
  if (type.startsWith('Filter')) {
    const page = /& (\w+)</.exec(type);
    return optional([...fields(`${entity}Filter`), ...(page ? fields(page[1]) : [])]);
  }
  if (['ActivityOptions', 'DueTasksOptions', 'SnapshotOptions', 'SeedPasswords'].includes(type)) return fields(type);
  return [snake(name) + mark];
}

function* methods(operations, body, entity) {
  for (const [, name, parameters] of body.matchAll(/^    (\w+)(?:<T>)?\(([^]*?)\): (?:Promise|Rows|Acting)/gm)) {
    const operation = `operation ${operations}.${snake(name)}`;
    yield operation;
    // A comma within brackets separates no parameters.
    for (const parameter of parameters.split(/, (?=\w+\??: )/).filter(Boolean)) {
      for (const field of meant(entity, parameter)) yield `${operation} ${field}`;
    }
  }
  for (const [, name] of body.matchAll(/^    (?:get (\w+)\(\)|readonly actor)/gm)) yield `operation ${operations}.${name ?? 'actor'}`;
}

/** Returns the members of a union of texts. */
const union = (text) => [...text.matchAll(/'([\w-]+)'/g)].map(([, label]) => label);

async function* ofNode() {
  const repository = declared('class', 'Repository').body;
  for (const [part, entity] of Object.entries(ENTITIES)) {
    yield* methods(part, repository, entity);
    yield* methods(part, declared('class', `${part[0].toUpperCase()}${part.slice(1)}`).body, entity);
    const order = new RegExp(`type ${entity}Order = Order<([^>]*)>`).exec(types);
    for (const field of union(order[1])) yield `order ${part} ${snake(field)}`;
  }
  yield* methods('reports', declared('class', 'Reports').body, '');
  for (const handle of ['crm', 'acting']) {
    for (const base of ['Beginning', 'Retrying']) yield* methods(handle, declared('class', base).body, '');
    yield* methods(handle, declared('class', handle === 'crm' ? 'Crm' : 'Acting').body, '');
  }
  yield* methods('transaction', declared('class', 'Beginning').body, '');
  for (const name of ['connect', 'embedded']) {
    const [, parameters] = new RegExp(`function ${name}\\(([^)]*)\\)`).exec(types);
    yield `operation crm.${name}`;
    for (const parameter of parameters.split(/, (?=\w+\??: )/)) {
      for (const field of meant('', parameter.replace(' | null', ''))) yield `operation crm.${name} ${field}`;
    }
  }
  for (const record of RECORDS) for (const field of fields(record)) yield `field ${record} ${field}`;
  const library = await import('crm-node');
  for (const [name, list] of Object.entries(LISTS)) for (const label of library[list]) yield `label ${name} ${label}`;
  for (const [name, type] of [['ErrorCode', 'ErrorCode'], ['ViolationCode', 'ViolationCode'], ['EntityKind', 'EntityName'], ['DenialReason', 'DenialReason']]) {
    for (const label of union(new RegExp(`type ${type} = ([^;]*);`).exec(types)[1])) yield `label ${name} ${label}`;
  }
  for (const [, name, code] of types.matchAll(/interface (\w+Error) extends CrmErrorBase<'(\w+)'>/g)) {
    for (const field of fields(name)) if (!field.startsWith('error_base')) yield `error ${code} ${field.replace('?', '')}`;
  }
  // All errors have it; it is about these two.
  if (/interface CrmErrorBase<[^]*?readonly outcomeUnknown: boolean/.test(types)) {
    for (const code of ['timeout', 'unavailable']) yield `error ${code} outcome_unknown`;
  }
}

/** Returns what Rust has, with the differences that are meant. */
function shared() {
  const lines = new Set();
  for (const line of readFileSync(join(CATALOGUE, 'surface.txt'), 'utf8').trim().split('\n')) {
    const [group, words] = line.split(':');
    if (group.startsWith('operation')) lines.add(group);
    for (const word of words.split(' ').filter(Boolean)) lines.add(`${group} ${word}`);
  }
  for (const { rust = [], node = [] } of JSON.parse(readFileSync(join(CATALOGUE, 'differences.json'), 'utf8'))) {
    for (const line of rust) lines.delete(line);
    for (const line of node) lines.add(line);
  }
  // What can be done is asked of nobody in Node.
  return [...lines].filter((line) => !line.startsWith('label Action'));
}

test('Node has what Rust has but for the differences that are meant', async () => {
  const ours = new Set();
  for await (const line of ofNode()) ours.add(line);
  const theirs = new Set(shared());
  assert.deepEqual([...ours].filter((line) => !theirs.has(line)).sort(), []);
  assert.deepEqual([...theirs].filter((line) => !ours.has(line)).sort(), []);
});

test('every field is known where the types have it, and no other', async () => {
  const crm = await open();
  const given = {};
  for (const line of shared().filter((line) => line.startsWith('operation '))) {
    const [, operation, field] = line.split(' ');
    if (field !== undefined) (given[operation] ??= []).push(camel(field.replace('?', '')));
  }
  for (const part of Object.keys(ENTITIES)) {
    const asked = (operation) => Object.fromEntries([...given[`${part}.${operation}`], 'nothing'].map((field) => [field, null]));
    const { id, expectedVersion, ...patch } = asked('update');
    const calls = [
      crm[part].create(asked('create')),
      crm[part].list(asked('list')),
      crm[part].stream(asked('stream')).next(),
      crm[part].count(asked('count')),
      crm[part].update(1, patch, { expectedVersion: 1 }),
    ];
    for (const call of calls) {
      const error = await call.then(() => assert.fail('a field that is not known was ignored'), (error) => error);
      const unknown = error.violations.filter(({ code }) => code === 'unknown_field').map(({ field }) => field);
      assert.deepEqual(unknown, ['nothing'], part);
    }
  }
});
