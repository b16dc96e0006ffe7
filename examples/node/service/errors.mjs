// The one place where errors become answers.
import { CrmError } from 'crm-node';

const STATUS = {
  validation: 400,
  invalid_credentials: 401,
  permission_denied: 403,
  not_found: 404,
  conflict: 409,
  missing_reference: 422,
  timeout: 503,
  unavailable: 503,
  serialization: 503,
};

export function refuse(error, request, reply) {
  // The client has gone and its query is stopped: nobody reads this.
  if (error.name === 'AbortError') return reply.code(499).send();

  // Fastify's and its plugins' own errors, such as a body that is no JSON or a token that is none, know their status.
  const status = error instanceof CrmError ? (STATUS[error.code] ?? 500) : (error.statusCode ?? 500);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (error.retryable) reply.header('retry-after', 1);
  if (status >= 500) request.log.error(error);
  return reply.code(status).send(bodyOf(error, status));
}

function bodyOf(error, status) {
  const { code, message, violations, field, entity, id, currentVersion, outcomeUnknown } = error;
  if (status < 500) return { code, message, violations, field, entity, id, currentVersion };
  // The rest names hosts and tables, which is for the log. Whether a write may have been done the client has to know.
  if (status === 503) return { code, message: 'the database does not answer at the moment', outcomeUnknown };
  return { code: 'internal', message: 'something went wrong here' };
}
