import jwt from '@fastify/jwt';
import swagger from '@fastify/swagger';
import fastify from 'fastify';

import { refuse } from './errors.mjs';
import { routes } from './routes.mjs';
import { health, login, models } from './schemas.mjs';

/** Builds the service on a CRM, which stays the caller's to close. `secret` signs the tokens. */
export async function buildApp(crm, { secret, logger = false }) {
  const app = fastify({ logger });

  // The schemas are for the document only: the library validates what comes in, and what goes out is a record as it is.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(refuse);
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ code: 'not_found', message: 'there is no such route' }));

  for (const model of models) app.addSchema(model);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'CRM', version: '1.0.0' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ token: [] }],
    },
    refResolver: { buildLocalReference: ({ $id }) => $id },
  });
  await app.register(jwt, { secret, sign: { expiresIn: '8h' } });

  app.decorateRequest('crm');
  app.decorateRequest('call');
  app.addHook('onRequest', async (request, reply) => {
    request.call = { signal: whileConnected(reply) };
  });

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  app.get('/health', health, async ({ call }) => {
    await crm.schemaVersion(call);
    return { status: 'ok' };
  });

  // Nothing limits how often somebody may try: put @fastify/rate-limit before this in earnest.
  app.post('/login', login, async ({ body, call }) => {
    const { id } = await crm.users.authenticate(body?.email, body?.password, call);
    return { token: app.jwt.sign({ sub: String(id) }) };
  });

  app.register(async (members) => {
    members.addHook('onRequest', async (request) => {
      const { sub } = await request.jwtVerify();
      // The role is not in the token: the database looks at it, and at whether the user is still active, on each call.
      request.crm = crm.actingAs(Number(sub));
    });
    await routes(members);
  });

  return app;
}

/** Aborts when the connection ends, with which the server stops the query. */
function whileConnected(reply) {
  // Not Fastify's `request.signal`, which aborts as soon as the body of a POST or a PATCH has been read.
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}
