// The one place where errors become answers.
import { CrmError } from 'crm-node';

export function refuse(error, request, reply) {
  // The client has gone and its query is stopped: nobody reads this.
  if (error.name === 'AbortError') return reply.code(499).send();

  // Fastify's and its plugins' own errors, such as a body that is not JSON or an invalid token, have a statusCode.
  const status = (error instanceof CrmError ? error.status : error.statusCode) ?? 500;
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (error.retryable) reply.header('retry-after', 1);
  if (status >= 500) request.log.error(error);
  return reply.code(status).send(bodyOf(error, status));
}

function bodyOf(error, status) {
  const { code, message, violations, field, reason, entity, id, currentVersion, outcomeUnknown } = error;
  if (status < 500) return { code, message, violations, field, reason, entity, id, currentVersion };
  // The message names hosts and tables: it is for the log. The client has to know whether a write may have been done.
  if (status > 500) return { code, message: 'the service is not available at the moment', outcomeUnknown };
  return { code: 'internal', message: 'something went wrong here' };
}
