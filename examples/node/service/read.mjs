// Reads what HTTP can only say as text. What does not look like its type stays text, which the library refuses by name.

/** Reads a text as what a schema says it is. */
export function fromText(value, schema) {
  if (schema?.type === 'array') schema = schema.items;
  if (Array.isArray(value)) return value.map((one) => fromText(one, schema));
  if (schema?.type === 'integer' && /^-?\d+$/.test(value)) return Number(value);
  if (schema?.type === 'boolean' && /^(true|false)$/.test(value)) return value === 'true';
  // Only with its zone, or the answer would depend on that of this machine.
  if (schema?.format === 'date-time' && /^\d{4}-.*(Z|[+-]\d\d:\d\d)$/.test(value)) return new Date(value);
  return value;
}

/** Reads a query string by the schema of its route; a key that comes twice is any of its values. */
export function fromQuery(query, { schema }) {
  const { properties } = schema.querystring;
  return Object.fromEntries(Object.entries(query).map(([key, value]) => [key, fromText(value, properties[key])]));
}

/** Reads the version in an If-Match; without one the last writer wins. */
export function fromHeader(ifMatch) {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  return fromText(ifMatch.replace(/^"(.*)"$/, '$1'), { type: 'integer' });
}
