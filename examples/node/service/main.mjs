// Starts the service on the database of CRM_DATABASE_URL, or on a private one with sample rows that ends with the process:
//
//   npm install --prefix examples/node
//   node examples/node/service/main.mjs
//
// HOST and PORT say where it listens. Tokens are signed with JWT_SECRET, and where that is not given with a secret of this
// process, so that they end with it and no other instance takes them.
import { randomBytes } from 'node:crypto';

import { connect, embedded } from 'crm-node';

import { buildApp } from './app.mjs';

const { CRM_DATABASE_URL, HOST = '127.0.0.1', PORT = '3000', JWT_SECRET } = process.env;

const crm = CRM_DATABASE_URL ? await connect(CRM_DATABASE_URL) : await embedded();
await crm.migrate();
const passwords = CRM_DATABASE_URL ? null : await crm.seed();

const secret = JWT_SECRET || randomBytes(32).toString('base64url');
const app = await buildApp(crm, { secret, logger: true });

// Only once: who is in a hurry presses Ctrl-C again.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    // A connection that gets its answer meanwhile is idle then, and would be waited for until it times out.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 100);
    await app.close();
    clearInterval(sweep);
    await crm.close();
  });
}

const address = await app.listen({ host: HOST, port: Number(PORT) });
if (passwords !== null) {
  const body = (email, password) => JSON.stringify({ email, password });
  console.log(`
Log in for a token, as an admin or as a user, and send it as "authorization: Bearer …":

  curl ${address}/login -H 'content-type: application/json' -d '${body('admin@crm.com', passwords.admin)}'
  curl ${address}/login -H 'content-type: application/json' -d '${body('user@crm.com', passwords.user)}'

${address}/openapi.json tells the rest.
`);
}
