import { Abortion, type CallOptions, actingAs, isPlain, make, whenAborted, withoutSignal } from './calls.js';
import { CrmError, Failure } from './errors.js';
import { native, type Slot } from './native.js';
import { type Manifest, type Migration, type Progress, type Seeded, manifest, migration, progress, seeded } from './records.js';
import { Customers, Interactions, Leads, Reports, Tasks, Users } from './repositories.js';
import type { Decode, Reader } from './wire.js';

const nothing: Decode<void> = () => {};

const backupStep = (from: Reader) =>
  from.flag() ? { done: true as const, manifest: manifest(from) } : { done: false as const, progress: progress(from) };

/** Is what every handle has: the repositories and the reports. */
export abstract class Handle {
  readonly #slot: Slot;
  /** Stores users. */
  readonly users: Users;
  /** Stores customers. */
  readonly customers: Customers;
  /** Stores leads. */
  readonly leads: Leads;
  /** Stores tasks. */
  readonly tasks: Tasks;
  /** Stores interactions. */
  readonly interactions: Interactions;
  /** Answers the reports. */
  readonly reports: Reports;

  /** @internal */
  constructor(slot: Slot) {
    this.#slot = slot;
    this.users = new Users(slot);
    this.customers = new Customers(slot);
    this.leads = new Leads(slot);
    this.tasks = new Tasks(slot);
    this.interactions = new Interactions(slot);
    this.reports = new Reports(slot);
  }

  /** @internal */
  protected get slot(): Slot {
    return this.#slot;
  }

  /** @internal */
  protected call<T>(op: string, decode: Decode<T>, options?: CallOptions, ...values: unknown[]): Promise<T> {
    return make({ op, slot: this.#slot, values, options, decode });
  }
}

/** What can begin transactions. */
abstract class Beginning extends Handle {
  /**
   * Runs `work` in a transaction: commits when it has returned, and returns what it did; rolls back when it throws, and throws that on.
   * Aborting rolls back and rejects at once.
   *
   * Within `work` only `tx` is in the transaction: what the handle itself does there waits for a connection of its own, perhaps for a row
   * that `tx` has locked. One in the name of a user is begun by the user's handle.
   *
   * A transaction's own `transaction` is a nested one. A refusal by the database (a constraint, a right, a deadlock) undoes only the
   * nested one, and the outer one goes on. A call that is aborted, times out or loses its connection finishes all of it, and so does a
   * serialization failure. While a nested one is open, calls of the outer one reject with `closed`, and another nested one waits for its
   * end, for the call timeout at most.
   *
   * @param work What is done in the transaction, which it is given.
   */
  async transaction<T>(work: (tx: Transaction) => T | Promise<T>, options?: CallOptions): Promise<T> {
    if (typeof work !== 'function') throw Failure.of('work', 'invalid_type', 'must be a function').thrown(this.transaction);
    const slot = new native.Handle();
    await make({ op: 'begin', slot: this.slot, made: slot, options, decode: nothing });
    const end = (op: string, ...values: unknown[]) => make({ op, slot, values, decode: nothing });
    let result: T;
    try {
      result = await unlessAborted(Promise.resolve(work(new Transaction(slot))), options?.signal);
    } catch (error) {
      // The transaction may be finished already, and what was thrown is what matters.
      await end('rollback', error instanceof Abortion).catch(() => {});
      throw error instanceof Abortion ? error.thrown(this.transaction) : error;
    }
    await end('commit');
    return result;
  }
}

/**
 * Is a transaction: the same repositories, all or nothing.
 *
 * A `validation`, a `not_found` and a stale version leave it usable; any error of the database and an aborted call finish it, and going
 * on rejects with `closed`. What may be refused goes into a nested transaction. Concurrent calls queue.
 */
export class Transaction extends Beginning {}

/** The options of `retry`. */
export interface RetryOptions extends CallOptions {
  /** How often the transaction is run at the most, the first time included; 10 when not given. */
  attempts?: number | undefined;
}

/** What can run transactions again. */
abstract class Retrying extends Beginning {
  /**
   * Runs `work` in a transaction, as `transaction` does, and again from the beginning when it lost against a concurrent one.
   *
   * Where `work` or the commit rejects with `serialization`, the transaction is rolled back and, after a pause of some milliseconds up to
   * half a second, run again, `attempts` times in all; then it rejects with the last error. So whatever `work` does beside the
   * transaction is done again too. Anything else that is thrown rolls back and is thrown on at once.
   *
   * At PostgreSQL's usual isolation, read committed, only deadlocks come out: two that read a row, compute and write it do not hinder each
   * other, and one change is lost. Pass `expectedVersion` there, or connect with `?options[default_transaction_isolation]=serializable`.
   *
   * A `serialization` has to come out of `work` to be seen: where it was swallowed, this rejects with `closed`, and nothing is run again.
   * Aborting rolls back and rejects at once, in a pause too.
   *
   * @param work What is done in each transaction, which it is given.
   * @param options How often at the most, and the signal.
   */
  async retry<T>(work: (tx: Transaction) => T | Promise<T>, options?: RetryOptions): Promise<T> {
    const { signal, rest } = withoutSignal(options);
    const call = { slot: this.slot, options: signal };
    const attempts = await make({ ...call, op: 'attempts', values: [rest], decode: (from) => from.number() });
    for (let made = 1; ; made += 1) {
      try {
        return await this.transaction(work, signal);
      } catch (error) {
        if (!(error instanceof CrmError) || error.code !== 'serialization' || made >= attempts) throw error;
      }
      await make({ ...call, op: 'pause', values: [made], decode: nothing });
    }
  }
}

async function unlessAborted<T>(working: Promise<T>, signal: CallOptions['signal']): Promise<T> {
  if (!signal) return await working;
  let settled = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(new Abortion(signal));
    if (signal.aborted) abort();
    else settled = whenAborted(signal, abort);
  });
  // What the work says after that nobody hears.
  working.catch(() => {});
  try {
    return await Promise.race([working, aborted]);
  } finally {
    settled();
  }
}

/** Is a CRM in the name of one of its users, made by `actingAs`. */
export class Acting extends Retrying {
  /** The user in whose name this works. */
  readonly actor: number;

  /** @internal */
  constructor(slot: Slot, actor: number) {
    super(slot);
    this.actor = actor;
  }
}

/** Is what `seed` makes the passwords of the two sample users; one left out is made up. */
export interface SeedPasswords {
  /** Of admin@crm.com. */
  admin?: string | undefined;
  /** Of user@crm.com. */
  user?: string | undefined;
}

/** Says how a backup or a restore is made. */
export interface BackupOptions extends CallOptions {
  /**
   * Is called now and then with how far it is, and waited for when it returns a promise. What it throws ends the call.
   *
   * A promise that stays pending does not keep the process alive, and one that waits for `close` never settles, as `close` waits for the call.
   */
  progress?: ((progress: Progress) => void | Promise<void>) | undefined;
}

/** Is a CRM in a PostgreSQL database, as the trusted system has it. `connect` and `embedded` make it; share it. */
export class Crm extends Retrying {
  /** The URL of an embedded server, for other programs that want to look in; null of any other. */
  get url(): string | null {
    return this.slot.url;
  }

  /**
   * Returns a handle that does everything in the name of a user, with no more rights than the user's role has.
   *
   * Nothing is asked of the database yet: whether there is such a user is looked at on each call.
   *
   * @param userId The id of the user.
   */
  actingAs(userId: number): Acting {
    return new Acting(actingAs(this.slot, userId), userId);
  }

  /** Brings the schema to this library's version. It is safe when many processes start at once. */
  migrate(options?: CallOptions): Promise<void> {
    return this.call('migrate', nothing, options);
  }

  /**
   * Brings the schema to a version, up or down. 0 takes all tables away, and the data with them.
   *
   * @param version The version, as a migration is numbered, or 0.
   */
  migrateTo(version: number, options?: CallOptions): Promise<void> {
    return this.call('migrateTo', nothing, options, version);
  }

  /** Returns the version of the schema; null where it was never migrated or everything was taken away. */
  schemaVersion(options?: CallOptions): Promise<number | null> {
    return this.call('schemaVersion', (from) => from.maybe((version) => version.number()), options);
  }

  /** Lists the migrations that the database does not have yet. */
  pendingMigrations(options?: CallOptions): Promise<Migration[]> {
    return this.call('pendingMigrations', (from) => from.many(migration), options);
  }

  /**
   * Loads the sample rows once, and returns the passwords of the two sample users when it has, else null.
   *
   * @param passwords Those of the two sample users.
   */
  seed(passwords?: SeedPasswords, options?: CallOptions): Promise<Seeded | null> {
    return this.call('seed', (from) => from.maybe(seeded), options, passwords);
  }

  /**
   * Dumps the schema `crm`, whoever writes meanwhile, as it was at one moment: into a file for pg_restore, and beside it, as `<path>.json`,
   * the manifest by which `restore` verifies it. Both are for their owner's eyes only: they hold the hashes of the passwords.
   *
   * The file gets its name when it is whole; what ends the call before that leaves nothing, and of a process that ends meanwhile the next backup there removes the rest. It needs pg_dump of the server's major
   * version or a newer one.
   *
   * @param path The file to write.
   * @param options Who is told how far it is, and the signal.
   */
  async backup(path: string, options?: BackupOptions): Promise<Manifest> {
    return await this.#steps('backup', path, options);
  }

  /**
   * Restores what `backup` has written into a database without a schema `crm`. Restore only what you trust: a dump is a program.
   *
   * It is one transaction, committed when all tables have as many rows as the manifest says; whatever ends it before that leaves the
   * database as empty as it was. The schema is the dump's: `migrate` brings an older one up to date. It needs pg_restore of the major
   * version that made the dump or a newer one.
   *
   * @param path The file that `backup` has written.
   * @param options Who is told how far it is, and the signal.
   */
  async restore(path: string, options?: BackupOptions): Promise<Manifest> {
    return await this.#steps('restore', path, options);
  }

  async #steps(op: 'backup' | 'restore', path: string, options: BackupOptions | undefined): Promise<Manifest> {
    const { progress: tell, ...rest } = isPlain(options) ? options : ({} as BackupOptions);
    if (tell !== undefined && typeof tell !== 'function') {
      throw Failure.of('progress', 'invalid_type', 'must be a function').thrown(this[op]);
    }
    const callOptions = isPlain(options) ? rest : options;
    const steps = new native.Handle();
    try {
      await make({ op, slot: this.slot, made: steps, values: [path], options: callOptions, decode: nothing });
      for (;;) {
        const step = await make({ op: 'next', slot: steps, options: callOptions, decode: backupStep });
        if (step.done) return step.manifest;
        // Not at once, so that a signal that it aborts counts before what it throws.
        const telling = Promise.resolve(step.progress).then(tell);
        await unlessAborted(telling, rest.signal);
      }
    } catch (error) {
      throw error instanceof Abortion ? error.thrown(this[op]) : error;
    } finally {
      steps.release();
    }
  }

  /**
   * Refuses further calls, waits for those under way, closes the connections and stops an embedded server. Doing it again changes
   * nothing. Streams and transactions that are still open are waited for as long as for a connection, 30 seconds if not set: end them
   * before.
   */
  close(): Promise<void> {
    return this.call('close', nothing);
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
