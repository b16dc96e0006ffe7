import type { Reader } from './wire.js';

/** Names the kind of an error, the same in every language. A program decides by it. */
export type ErrorCode =
  | 'validation'
  | 'not_found'
  | 'conflict'
  | 'missing_reference'
  | 'permission_denied'
  | 'invalid_credentials'
  | 'timeout'
  | 'unavailable'
  | 'serialization'
  | 'schema'
  | 'closed'
  | 'internal';

/** Names the rule that an input breaks, the same in every language. */
export type ViolationCode =
  | 'required'
  | 'too_long'
  | 'too_short'
  | 'invalid_characters'
  | 'invalid_email'
  | 'invalid_phone'
  | 'invalid_hash'
  | 'out_of_range'
  | 'too_precise'
  | 'invalid_choice'
  | 'invalid_cursor'
  | 'no_word'
  | 'unknown_field'
  | 'invalid_type'
  | 'invalid_option'
  | 'invalid_backup';

/** Says that one field breaks one rule. */
export interface Violation {
  /** The field as the caller wrote it: `customerId`, `[50].name` for the 51st row of a batch. */
  readonly field: string;
  /** The rule. */
  readonly code: ViolationCode;
  /** The rule in words, without the field's name. */
  readonly message: string;
}

/**
 * The reason of a `permission_denied` error: the actor's role does not allow this; the role allows it to the
 * actor's own rows only, and the row is another's; the actor is deactivated or
 * does not exist; only the trusted system may do this or give this field.
 */
export type DenialReason = 'role' | 'row' | 'actor' | 'trusted_only';

/** Names an entity in an error. */
export type EntityName = 'user' | 'customer' | 'lead' | 'task' | 'interaction';

/** Is what the library tells of an error. */
interface Told {
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;
  readonly violations: readonly Violation[];
  readonly field: string | null;
  readonly entity: EntityName | null;
  readonly id: number | null;
  readonly currentVersion: number | null;
  readonly reason: DenialReason | null;
  readonly cause: string | null;
}

/**
 * Carries an error from where it is read to where it is thrown, whose stack leads to the caller.
 *
 * @internal
 */
export class Failure {
  constructor(readonly told: Told) {}

  static read(from: Reader): Failure {
    return new Failure({
      code: from.text() as ErrorCode,
      message: from.text(),
      status: from.number(),
      retryable: from.flag(),
      outcomeUnknown: from.flag(),
      violations: from.many(violation),
      field: from.maybeText(),
      entity: from.maybeText() as EntityName | null,
      id: from.maybeNumber(),
      currentVersion: from.maybeNumber(),
      reason: from.maybeText() as DenialReason | null,
      cause: from.maybeText(),
    });
  }

  /** Makes the failure of a value that never reaches the library. */
  static of(field: string, code: ViolationCode, message: string): Failure {
    return new Failure({
      code: 'validation',
      message: `invalid input: ${field} ${message}`,
      status: 400,
      retryable: false,
      outcomeUnknown: false,
      violations: [{ field, code, message }],
      field: null,
      entity: null,
      id: null,
      currentVersion: null,
      reason: null,
      cause: null,
    });
  }

  /** Makes the error; its stack begins with whoever has called `by`. */
  thrown(by: (...args: never[]) => unknown): CrmError {
    const error = new ThrownError(this.told);
    Error.captureStackTrace(error, by);
    return error as CrmError;
  }
}

const violation = (from: Reader): Violation => ({
  field: from.text(),
  code: from.text() as ViolationCode,
  message: from.text(),
});

class ThrownError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;

  constructor(told: Told) {
    super(told.message, told.cause === null ? undefined : { cause: causeOf(told.cause) });
    this.code = told.code;
    this.status = told.status;
    this.retryable = told.retryable;
    this.outcomeUnknown = told.outcomeUnknown;
    const { violations, field, entity, id, currentVersion, reason } = told;
    if (told.code === 'validation') Object.assign(this, { violations });
    else if (told.code === 'not_found') Object.assign(this, { entity, id });
    else if (reason !== null) Object.assign(this, field === null ? { reason } : { reason, field });
    else if (field !== null) Object.assign(this, { field });
    else if (currentVersion !== null) Object.assign(this, { currentVersion });
  }

  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

/** Makes the cause of an error, which has no place in JavaScript. */
function causeOf(message: string): Error {
  const cause = new Error(message);
  cause.stack = String(cause);
  return cause;
}

// On the prototype, as with the errors of JavaScript itself.
Object.defineProperty(ThrownError.prototype, 'name', { value: 'CrmError', configurable: true, writable: true });
Object.defineProperty(ThrownError, 'name', { value: 'CrmError' });

/** Is what every error of the library has. */
export interface CrmErrorBase<C extends ErrorCode> extends Error {
  /** The name of the class. */
  readonly name: 'CrmError';
  /** The kind of the error. */
  readonly code: C;
  /** The HTTP status with which a service answers this error. The messages of statuses from 500 on are for the log. */
  readonly status: number;
  /** Whether the same call may succeed when it is made again, without doing anything twice. */
  readonly retryable: boolean;
  /** Whether a write or a commit may have been applied although it failed. */
  readonly outcomeUnknown: boolean;
  /** Returns what `JSON.stringify` writes: the message and all that is beside it, but no stack and no cause. */
  toJSON(): object;
}

/** Says that the input breaks rules. */
export interface ValidationError extends CrmErrorBase<'validation'> {
  /** All the rules that the input breaks; of a large batch the first 1,000. */
  readonly violations: readonly Violation[];
}

/** Says that there is no such row. */
export interface NotFoundError extends CrmErrorBase<'not_found'> {
  /** What was looked for. */
  readonly entity: EntityName;
  /** The id that was asked for. */
  readonly id: number;
}

/** Says that a value is taken, or that the row has changed since it was read. */
export interface ConflictError extends CrmErrorBase<'conflict'> {
  /** The field whose value is taken. */
  readonly field?: string;
  /** The version that the row has now. */
  readonly currentVersion?: number;
}

/** Says that a field refers to a row that does not exist. */
export interface MissingReferenceError extends CrmErrorBase<'missing_reference'> {
  /** The field. */
  readonly field: string;
}

/** Says that the actor may not do this. */
export interface PermissionDeniedError extends CrmErrorBase<'permission_denied'> {
  /** Why the actor may not. */
  readonly reason: DenialReason;
  /** The field that the actor may not give, where the refusal is about one. */
  readonly field?: string;
}

/**
 * Is an error of the library; `switch (error.code)` tells the kinds apart, and what else each of them has.
 *
 * An aborted call rejects with Node's own `AbortError` instead.
 */
export type CrmError =
  | ValidationError
  | NotFoundError
  | ConflictError
  | MissingReferenceError
  | PermissionDeniedError
  | CrmErrorBase<
      Exclude<
        ErrorCode,
        'validation' | 'not_found' | 'conflict' | 'missing_reference' | 'permission_denied'
      >
    >;

/** Is the class of the library's errors: `error instanceof CrmError`. */
export const CrmError = ThrownError as unknown as (abstract new (...args: never[]) => CrmError) & {
  /** Tells whether a value is an error of the library. */
  [Symbol.hasInstance](value: unknown): value is CrmError;
};
