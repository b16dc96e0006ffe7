// The routes of those who are logged in. Each request carries `crm`, which has no more rights than the user's role, and
// `call`, the options that stop its queries when the client goes away.
import { fromHeader, fromQuery, fromText } from './read.mjs';
import { reports, routesOf, stage } from './schemas.mjs';

const idOf = (request) => fromText(request.params.id, { type: 'integer' });

/** Answers with a row, whose version a client sends back as If-Match. */
function answer(reply, row) {
  return reply.header('etag', `"${row.version}"`).send(row);
}

function crud(app, name) {
  const routes = routesOf(name);

  app.get(`/${name}`, routes.list, ({ crm, query, call }) => crm[name].list(fromQuery(query, routes.list), call));

  app.get(`/${name}/:id`, routes.get, async (request, reply) =>
    answer(reply, await request.crm[name].get(idOf(request), request.call)));

  app.post(`/${name}`, routes.create, async ({ crm, body, call }, reply) => {
    const row = await crm[name].create(body, call);
    return answer(reply.code(201).header('location', `/${name}/${row.id}`), row);
  });

  app.patch(`/${name}/:id`, routes.update, async (request, reply) => {
    const expectedVersion = fromHeader(request.headers['if-match']);
    return answer(reply, await request.crm[name].update(idOf(request), request.body, { ...request.call, expectedVersion }));
  });

  app.delete(`/${name}/:id`, routes.delete, async (request, reply) => {
    await request.crm[name].delete(idOf(request), request.call);
    return reply.code(204).send();
  });

  return routes;
}

export async function routes(app) {
  crud(app, 'customers');
  const leads = crud(app, 'leads');
  const tasks = crud(app, 'tasks');

  app.post('/leads/:id/move', leads.one('Move a Lead to a stage', stage), async (request, reply) =>
    answer(reply, await request.crm.leads.moveTo(idOf(request), request.body?.stage, request.call)));

  app.post('/tasks/:id/complete', tasks.one('Finish a Task'), async (request, reply) =>
    answer(reply, await request.crm.tasks.complete(idOf(request), request.call)));

  app.get('/reports/pipeline', reports.pipeline, ({ crm, call }) => crm.reports.pipeline(call));

  app.get('/reports/customer-activity', reports.customerActivity, ({ crm, query, call }) =>
    crm.reports.customerActivity(fromQuery(query, reports.customerActivity), call));

  app.get('/reports/due-tasks', reports.dueTasks, ({ crm, query, call }) => {
    const { today, ...list } = fromQuery(query, reports.dueTasks);
    return crm.reports.dueTasks(today, list, call);
  });
}
