// What /openapi.json tells. Nothing is checked against it, because the library checks what comes in and names every rule
// that is broken; only the types of what a query string can say are read from here.
import { PRIORITIES, STAGES, TASK_STATUSES } from 'crm-node';

const text = { type: 'string' };
const whole = { type: 'integer' };
const flag = { type: 'boolean' };
const day = { type: 'string', format: 'date' };
const moment = { type: 'string', format: 'date-time' };
const money = { type: 'string', examples: ['50000.00'] };
const oneOf = (labels) => ({ type: 'string', enum: labels });
const orNull = (schema) => ({ ...schema, type: [schema.type, 'null'] });
const many = (items) => ({ type: 'array', items });
const object = (properties, required) => ({ type: 'object', properties, ...(required && { required }) });

const changed = { createdSince: moment, createdUntil: moment, updatedSince: moment, updatedUntil: moment };
const paging = { limit: whole, cursor: text };
const ordered = (...names) => ({ order: oneOf(names.flatMap((name) => [name, `-${name}`])), ...paging });

/** Says of each entity what it is called, what a client writes, what it must write, and how it is listed. */
export const entities = {
  customers: {
    model: 'Customer',
    fields: {
      name: text, email: orNull(text), phone: orNull(text), company: orNull(text), tags: many(text), notes: orNull(text),
    },
    required: ['name'],
    list: {
      ids: many(whole), tagsAny: many(text), tagsAll: many(text), company: many(text), email: many(text), text, ...changed,
      ...ordered('id', 'createdAt', 'updatedAt', 'name'),
    },
  },
  leads: {
    model: 'Lead',
    fields: {
      title: text, description: orNull(text), stage: oneOf(STAGES), value: orNull(money), customerId: orNull(whole),
      assignedTo: orNull(whole),
    },
    required: ['title'],
    list: {
      ids: many(whole), stage: many(oneOf(STAGES)), customerId: many(whole), assignedTo: many(whole), unassigned: flag,
      minValue: money, maxValue: money, text, ...changed, ...ordered('id', 'createdAt', 'updatedAt', 'title', 'value'),
    },
  },
  tasks: {
    model: 'Task',
    fields: {
      title: text, description: orNull(text), status: oneOf(TASK_STATUSES), priority: oneOf(PRIORITIES), dueDate: orNull(day),
      assignedTo: orNull(whole), customerId: orNull(whole),
    },
    required: ['title'],
    list: {
      ids: many(whole), status: many(oneOf(TASK_STATUSES)), priority: many(oneOf(PRIORITIES)), assignedTo: many(whole),
      unassigned: flag, customerId: many(whole), dueSince: day, dueUntil: day, text, ...changed,
      ...ordered('id', 'createdAt', 'updatedAt', 'title', 'dueDate', 'priority'),
    },
  },
};

const kept = { createdBy: orNull(whole), updatedBy: orNull(whole), createdAt: moment, updatedAt: moment, version: whole };
const rows = Object.values(entities).map(({ model, fields }) => {
  const properties = { id: whole, ...fields, ...kept };
  return { $id: model, ...object(properties, Object.keys(properties)) };
});
const violation = object({ field: text, code: text, message: text }, ['field', 'code', 'message']);
const error = {
  code: text, message: text, violations: many(violation), field: text, entity: text, id: whole, currentVersion: whole,
  outcomeUnknown: flag,
};

/** Is what the document lists under components. */
export const models = [...rows, { $id: 'Error', ...object(error, ['code', 'message']) }];
const model = (name) => ({ $ref: `${name}#` });
const extended = (name, properties) => ({ allOf: [model(name), object(properties, Object.keys(properties))] });
const page = (items) => object({ items: many(items), nextCursor: orNull(text) }, ['items', 'nextCursor']);

/** Describes a route: `done` is the status and the body of its success. */
const route = (tag, summary, done, more) => ({
  schema: { tags: [tag], summary, response: { ...done, default: model('Error') }, ...more },
});
const id = { params: object({ id: whole }, ['id']) };
const nothing = { type: 'null' };

export const login = route('service', 'Log in', { 200: object({ token: text }, ['token']) }, {
  body: object({ email: text, password: text }, ['email', 'password']),
  security: [],
});
export const health = route('service', 'Ask whether the database answers', { 200: object({ status: text }) }, { security: [] });

/** Describes the five routes of an entity, and `one` that does something to a row. */
export function routesOf(name) {
  const { model: type, fields, required, list } = entities[name];
  const ifMatch = { headers: object({ 'if-match': { ...text, description: 'The ETag of the row as it was read' } }) };
  return {
    list: route(name, `List ${name}`, { 200: page(model(type)) }, { querystring: object(list) }),
    get: route(name, `Read a ${type}`, { 200: model(type) }, id),
    create: route(name, `Create a ${type}`, { 201: model(type) }, { body: object(fields, required) }),
    update: route(name, `Change a ${type}`, { 200: model(type) }, { ...id, ...ifMatch, body: object(fields) }),
    delete: route(name, `Delete a ${type}`, { 204: nothing }, id),
    one: (summary, body) => route(name, summary, { 200: model(type) }, { ...id, ...(body && { body }) }),
  };
}

export const stage = object({ stage: oneOf(STAGES) }, ['stage']);

export const reports = {
  pipeline: route('reports', 'Sum up the pipeline', {
    200: many(object({ stage: oneOf(STAGES), count: whole, totalValue: money }, ['stage', 'count', 'totalValue'])),
  }),
  customerActivity: route('reports', 'List customers by their last interaction', {
    200: page(extended('Customer', { interactionCount: whole, lastInteraction: orNull(moment) })),
  }, { querystring: object({ ...paging, includeInactive: flag }) }),
  dueTasks: route('reports', 'List the tasks that are due soon', {
    200: page(extended('Task', { customerName: orNull(text), assignedToName: orNull(text), overdue: flag })),
  }, { querystring: object({ today: day, withinDays: whole, statuses: many(oneOf(TASK_STATUSES)), ...paging }, ['today']) }),
};
