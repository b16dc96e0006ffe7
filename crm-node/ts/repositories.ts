import { type CallOptions, make, withoutSignal } from './calls.js';
import type {
  CustomerFilter,
  CustomerOrder,
  CustomerPatch,
  InteractionFilter,
  InteractionOrder,
  InteractionPatch,
  LeadFilter,
  LeadOrder,
  LeadPatch,
  NewCustomer,
  NewInteraction,
  NewLead,
  NewTask,
  NewUser,
  OneOrMany,
  PageOptions,
  StreamOptions,
  TaskFilter,
  TaskOrder,
  TaskPatch,
  UserFilter,
  UserOrder,
  UserPatch,
} from './inputs.js';
import type { Slot } from './native.js';
import {
  type Customer,
  type CustomerActivity,
  type CustomerOverview,
  type DueTask,
  type Interaction,
  type Lead,
  type Page,
  type PipelineStage,
  type Snapshot,
  type Stage,
  type TagCount,
  type Task,
  type TaskStatus,
  type User,
  customer,
  customerActivity,
  customerOverview,
  dueTask,
  interaction,
  lead,
  page,
  pipelineStage,
  snapshot,
  tagCount,
  task,
  user,
} from './records.js';
import { Rows } from './rows.js';
import type { Decode } from './wire.js';

const nothing: Decode<void> = () => {};
const number: Decode<number> = (from) => from.number();

/** Makes the calls of a repository or of the reports. */
class Caller {
  readonly #slot: Slot;
  readonly #name: string;

  /** @internal */
  constructor(slot: Slot, name: string) {
    this.#slot = slot;
    this.#name = name;
  }

  /** @internal */
  protected call<T>(
    operation: string,
    decode: Decode<T>,
    options: CallOptions | undefined,
    ...values: unknown[]
  ): Promise<T> {
    return make({ op: `${this.#name}.${operation}`, slot: this.#slot, values, options, decode });
  }

  /** @internal */
  protected rows<T>(row: Decode<T>, values: unknown, options: CallOptions | undefined): Rows<T> {
    return new Rows(this.#slot, `${this.#name}.stream`, values, options, row);
  }
}

/** Says which version of a row is to be changed. */
export interface UpdateOptions extends CallOptions {
  /** The `version` that the row must have, or the update is a `conflict`. */
  expectedVersion?: number | undefined;
}

/** Makes a filter that is `null` be refused as what is no object: left out, it would select all rows. */
const noNull = (filter: unknown): unknown => (filter === null ? Symbol('null') : filter);

/** Stores the rows of one entity. */
export abstract class Repository<Row, New, Patch, Filter, OrderName extends string> extends Caller {
  readonly #row: Decode<Row>;

  /** @internal */
  constructor(slot: Slot, name: string, row: Decode<Row>) {
    super(slot, name);
    this.#row = row;
  }

  /**
   * Creates a row and returns it as stored.
   *
   * @param row The fields of the new row.
   */
  create(row: New, options?: CallOptions): Promise<Row> {
    return this.call('create', this.#row, options, row);
  }

  /**
   * Creates many rows, all or none, and returns their ids in order. 100,000 rows is a normal call, for which they keep the event loop
   * some tenths of a second, to be read in one go. An error names the row, `[50].name` for the 51st.
   *
   * @param rows The fields of the new rows, in the order of the ids returned.
   */
  createMany(rows: readonly New[], options?: CallOptions): Promise<number[]> {
    return this.call('create_many', (from) => from.many(number), options, rows);
  }

  /** Reads a row; rejects with `not_found` when there is none. */
  get(id: number, options?: CallOptions): Promise<Row> {
    return this.call('get', this.#row, options, id);
  }

  /** Reads a row; null when there is none. */
  find(id: number, options?: CallOptions): Promise<Row | null> {
    return this.call('find', (from) => from.maybe(this.#row), options, id);
  }

  /**
   * Reads rows in the order asked: repeats are repeated, missing ones left out.
   *
   * @param ids Which rows.
   */
  getMany(ids: readonly number[], options?: CallOptions): Promise<Row[]> {
    return this.call('get_many', (from) => from.many(this.#row), options, ids);
  }

  /**
   * Reads one page. The parts of a filter combine with AND; an array means any of its values.
   *
   * @param list The parts of the filter, `order`, `limit` and `cursor`; the 50 newest rows when not given.
   */
  list(list?: Filter & PageOptions<OrderName>, options?: CallOptions): Promise<Page<Row>> {
    return this.call('list', page(this.#row), options, noNull(list));
  }

  /**
   * Reads any number of rows from one snapshot, in bounded memory.
   *
   * @param list The parts of the filter and `order`; all rows, newest first, when not given.
   */
  stream(list?: Filter & StreamOptions<OrderName>, options?: CallOptions): Rows<Row> {
    return this.rows(this.#row, noNull(list), options);
  }

  /**
   * Counts the rows that a filter selects.
   *
   * @param filter The parts of the filter; all rows when not given.
   */
  count(filter?: Filter, options?: CallOptions): Promise<number> {
    return this.call('count', number, options, noNull(filter));
  }

  /**
   * Changes a row and returns it as stored: `undefined` keeps a field, `null` clears it.
   *
   * @param patch The fields to change.
   * @param options The version that is expected, and the signal.
   */
  async update(id: number, patch: Patch, options?: UpdateOptions): Promise<Row> {
    const { signal, rest } = withoutSignal(options);
    return await this.call('update', this.#row, signal, id, patch, rest);
  }

  /** Deletes a row; rejects with `not_found` when there is none. */
  delete(id: number, options?: CallOptions): Promise<void> {
    return this.call('delete', nothing, options, id);
  }
}

/** Stores users: the people who work with the CRM. */
export class Users extends Repository<User, NewUser, UserPatch, UserFilter, UserOrder> {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'users', user);
  }

  /**
   * Reads the user with this email, compared without regard to case; null when there is none.
   *
   * @param email The email.
   */
  findByEmail(email: string, options?: CallOptions): Promise<User | null> {
    return this.call('find_by_email', (from) => from.maybe(user), options, email);
  }

  /**
   * Checks a login and returns the user, or rejects with `invalid_credentials`, which does not say what was wrong. How often somebody
   * may try is the application's to limit.
   *
   * @param email The email, compared without regard to case.
   * @param password The password, as it was typed.
   */
  authenticate(email: string, password: string, options?: CallOptions): Promise<User> {
    return this.call('authenticate', user, options, email, password);
  }

  /**
   * Replaces a password by one who knows the present one, or rejects with `invalid_credentials`.
   *
   * @param currentPassword The present one.
   * @param newPassword 8 to 128 characters.
   */
  changePassword(
    id: number,
    currentPassword: string,
    newPassword: string,
    options?: CallOptions,
  ): Promise<void> {
    return this.call('change_password', nothing, options, id, currentPassword, newPassword);
  }

  /**
   * Replaces a password.
   *
   * @param newPassword 8 to 128 characters.
   */
  setPassword(id: number, newPassword: string, options?: CallOptions): Promise<void> {
    return this.call('set_password', nothing, options, id, newPassword);
  }

  /** Deactivates a user, who can neither log in nor act any more; doing it again changes nothing. */
  deactivate(id: number, options?: CallOptions): Promise<User> {
    return this.call('deactivate', user, options, id);
  }

  /** Takes a deactivated user back; doing it again changes nothing. */
  reactivate(id: number, options?: CallOptions): Promise<User> {
    return this.call('reactivate', user, options, id);
  }
}

/** Stores customers. Deleting one deletes its leads, tasks and interactions. */
export class Customers extends Repository<
  Customer,
  NewCustomer,
  CustomerPatch,
  CustomerFilter,
  CustomerOrder
> {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'customers', customer);
  }

  /**
   * Adds tags, leaving out those that are there already without regard to case. No concurrent change is lost.
   *
   * @param tags What to add.
   */
  addTags(id: number, tags: readonly string[], options?: CallOptions): Promise<Customer> {
    return this.call('add_tags', customer, options, id, tags);
  }

  /**
   * Removes tags, compared without regard to case. No concurrent change is lost.
   *
   * @param tags What to remove.
   */
  removeTags(id: number, tags: readonly string[], options?: CallOptions): Promise<Customer> {
    return this.call('remove_tags', customer, options, id, tags);
  }

  /** Counts the customers of each tag, most used first. It reads every customer. */
  tagCounts(options?: CallOptions): Promise<TagCount[]> {
    return this.call('tag_counts', (from) => from.many(tagCount), options);
  }

  /**
   * Reads a customer with its open leads and tasks and its latest `recent` interactions (0 to 1,000, else 10).
   *
   * @param recent How many interactions at the most.
   */
  overview(id: number, recent?: number, options?: CallOptions): Promise<CustomerOverview> {
    return this.call('overview', customerOverview, options, id, recent);
  }
}

/** Stores leads: deals on their way through the sales pipeline. */
export class Leads extends Repository<Lead, NewLead, LeadPatch, LeadFilter, LeadOrder> {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'leads', lead);
  }

  /**
   * Moves a lead to a stage: any to any other, back too.
   *
   * @param stage Where it is to be.
   */
  moveTo(id: number, stage: Stage, options?: CallOptions): Promise<Lead> {
    return this.call('move_to', lead, options, id, stage);
  }
}

/** Stores tasks: what somebody has to do, perhaps by a day. */
export class Tasks extends Repository<Task, NewTask, TaskPatch, TaskFilter, TaskOrder> {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'tasks', task);
  }

  /** Begins a task: its status becomes 'in-progress'. */
  start(id: number, options?: CallOptions): Promise<Task> {
    return this.call('start', task, options, id);
  }

  /** Finishes a task: its status becomes 'completed'. */
  complete(id: number, options?: CallOptions): Promise<Task> {
    return this.call('complete', task, options, id);
  }

  /** Puts a task back: its status becomes 'pending'. */
  reopen(id: number, options?: CallOptions): Promise<Task> {
    return this.call('reopen', task, options, id);
  }
}

/** Stores interactions: calls, emails, meetings and notes about a customer. */
export class Interactions extends Repository<
  Interaction,
  NewInteraction,
  InteractionPatch,
  InteractionFilter,
  InteractionOrder
> {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'interactions', interaction);
  }
}

/** Asks for the customers by their last interaction. */
export interface ActivityOptions {
  /** 1 to 1,000 customers; 50 when not given. */
  limit?: number | undefined;
  /** A page's `nextCursor`: where to go on. */
  cursor?: string | null | undefined;
  /** Whether customers who were never contacted follow at the end; true when not given. */
  includeInactive?: boolean | undefined;
}

/** Asks for the tasks that are due soon. */
export interface DueTasksOptions {
  /** How many days ahead, 0 to 36,500; 7 when not given. */
  withinDays?: number | undefined;
  /** Any of these; 'pending' when not given. */
  statuses?: OneOrMany<TaskStatus> | undefined;
  /** 1 to 1,000 tasks; 50 when not given. */
  limit?: number | undefined;
  /** A page's `nextCursor`: where to go on. */
  cursor?: string | null | undefined;
}

/** Asks for all three reports. */
export interface SnapshotOptions extends Omit<DueTasksOptions, 'cursor'> {
  /** Whether customers who were never contacted follow at the end; true when not given. */
  includeInactive?: boolean | undefined;
}

/** Answers the reports. */
export class Reports extends Caller {
  /** @internal */
  constructor(slot: Slot) {
    super(slot, 'reports');
  }

  /**
   * Lists customers with their interactions: most recently contacted first, never contacted last.
   *
   * @param list `limit`, `cursor` and whether those who were never contacted follow.
   */
  customerActivity(list?: ActivityOptions, options?: CallOptions): Promise<Page<CustomerActivity>> {
    return this.call('customer_activity', page(customerActivity), options, list);
  }

  /** Sums up the pipeline: all four stages in order, zeros where a stage is empty. */
  pipeline(options?: CallOptions): Promise<PipelineStage[]> {
    return this.call('pipeline', (from) => from.many(pipelineStage), options);
  }

  /**
   * Lists the tasks due by the end of the last of so many days from the caller's today ('YYYY-MM-DD'): high priority first, then by
   * day, then by id.
   *
   * @param today The caller's day, 'YYYY-MM-DD'.
   * @param list How far ahead, which statuses, `limit` and `cursor`.
   */
  dueTasks(today: string, list?: DueTasksOptions, options?: CallOptions): Promise<Page<DueTask>> {
    return this.call('due_tasks', page(dueTask), options, today, list);
  }

  /**
   * Answers all three from one consistent snapshot; the limit is that of each list.
   *
   * @param today The caller's day, 'YYYY-MM-DD'.
   * @param list What the reports are to be like; their defaults when not given.
   */
  snapshot(today: string, list?: SnapshotOptions, options?: CallOptions): Promise<Snapshot> {
    return this.call('snapshot', snapshot, options, today, list);
  }
}
