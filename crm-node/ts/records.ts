import type { Decode, Reader } from './wire.js';

// What the decoders read, in the order in which `src/records.rs` writes it.

/** Lists what a user may be. */
export const ROLES = Object.freeze(['admin', 'user'] as const);
/** Says what a user may do. */
export type Role = (typeof ROLES)[number];

/** Lists the stages of the pipeline, in order. */
export const STAGES = Object.freeze(['lead', 'qualified', 'proposal', 'closed'] as const);
/** Says how far a lead has come. */
export type Stage = (typeof STAGES)[number];

/** Lists the statuses of a task. */
export const TASK_STATUSES = Object.freeze(['pending', 'in-progress', 'completed'] as const);
/** Says whether a task is done. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Lists the priorities of a task, lowest first. */
export const PRIORITIES = Object.freeze(['low', 'medium', 'high'] as const);
/** Says how much a task matters. */
export type Priority = (typeof PRIORITIES)[number];

/** Lists the kinds of interactions. */
export const INTERACTION_TYPES = Object.freeze(['call', 'email', 'meeting', 'note'] as const);
/** Says what kind of contact it was. */
export type InteractionType = (typeof INTERACTION_TYPES)[number];

/** Is a person who works with the CRM. The password's hash is not among the fields. */
export interface User {
  /** The key. */
  id: number;
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email, unique without regard to case. */
  email: string;
  /** What the user may do. */
  role: Role;
  /** When the user was deactivated; null while active. */
  deactivatedAt: Date | null;
  /** When the row was made. */
  createdAt: Date;
  /** When the row was last changed. */
  updatedAt: Date;
  /** Raised by one with every change. */
  version: number;
}

/** @internal */
export const user = (from: Reader): User => ({
  id: from.number(),
  name: from.text(),
  email: from.text(),
  role: from.label(ROLES),
  deactivatedAt: from.maybeMoment(),
  createdAt: from.moment(),
  updatedAt: from.moment(),
  version: from.number(),
});

/** Is a customer. */
export interface Customer {
  /** The key. */
  id: number;
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email; it need not be unique. */
  email: string | null;
  /** The phone number as people write it, at most 50 characters. */
  phone: string | null;
  /** The company, at most 255 characters. */
  company: string | null;
  /** At most 100 tags of at most 64 characters, in the order given. */
  tags: string[];
  /** Notes, at most 100,000 characters. */
  notes: string | null;
  /** Who made the row; null when the system did, or the user is gone. */
  createdBy: number | null;
  /** Who last changed the row; null when the system did, or the user is gone. */
  updatedBy: number | null;
  /** When the row was made. */
  createdAt: Date;
  /** When the row was last changed. */
  updatedAt: Date;
  /** Raised by one with every change. */
  version: number;
}

const text: Decode<string> = (from) => from.text();

/** @internal */
export const customer = (from: Reader): Customer => ({
  id: from.number(),
  name: from.text(),
  email: from.maybeText(),
  phone: from.maybeText(),
  company: from.maybeText(),
  tags: from.many(text),
  notes: from.maybeText(),
  createdBy: from.maybeNumber(),
  updatedBy: from.maybeNumber(),
  createdAt: from.moment(),
  updatedAt: from.moment(),
  version: from.number(),
});

/** Is a deal on its way through the sales pipeline. */
export interface Lead {
  /** The key. */
  id: number;
  /** The title, 1 to 255 characters. */
  title: string;
  /** What it is about, at most 100,000 characters. */
  description: string | null;
  /** How far it has come. */
  stage: Stage;
  /** What it is worth, '0.00' to '99999999.99': always two decimals. */
  value: string | null;
  /** Whose lead it is; it goes with the customer. */
  customerId: number | null;
  /** Who works on it. */
  assignedTo: number | null;
  /** Who made the row; null when the system did, or the user is gone. */
  createdBy: number | null;
  /** Who last changed the row; null when the system did, or the user is gone. */
  updatedBy: number | null;
  /** When the row was made. */
  createdAt: Date;
  /** When the row was last changed. */
  updatedAt: Date;
  /** Raised by one with every change. */
  version: number;
}

/** @internal */
export const lead = (from: Reader): Lead => ({
  id: from.number(),
  title: from.text(),
  description: from.maybeText(),
  stage: from.label(STAGES),
  value: from.maybeText(),
  customerId: from.maybeNumber(),
  assignedTo: from.maybeNumber(),
  createdBy: from.maybeNumber(),
  updatedBy: from.maybeNumber(),
  createdAt: from.moment(),
  updatedAt: from.moment(),
  version: from.number(),
});

/** Is something to do. */
export interface Task {
  /** The key. */
  id: number;
  /** The title, 1 to 255 characters. */
  title: string;
  /** What is to be done, at most 100,000 characters. */
  description: string | null;
  /** Whether it is done. */
  status: TaskStatus;
  /** How much it matters. */
  priority: Priority;
  /** The day by which it should be done: 'YYYY-MM-DD'. */
  dueDate: string | null;
  /** Who has to do it. */
  assignedTo: number | null;
  /** Whom it is about; it goes with the customer. */
  customerId: number | null;
  /** Who made the row; null when the system did, or the user is gone. */
  createdBy: number | null;
  /** Who last changed the row; null when the system did, or the user is gone. */
  updatedBy: number | null;
  /** When the row was made. */
  createdAt: Date;
  /** When the row was last changed. */
  updatedAt: Date;
  /** Raised by one with every change. */
  version: number;
}

/** @internal */
export const task = (from: Reader): Task => ({
  id: from.number(),
  title: from.text(),
  description: from.maybeText(),
  status: from.label(TASK_STATUSES),
  priority: from.label(PRIORITIES),
  dueDate: from.maybeText(),
  assignedTo: from.maybeNumber(),
  customerId: from.maybeNumber(),
  createdBy: from.maybeNumber(),
  updatedBy: from.maybeNumber(),
  createdAt: from.moment(),
  updatedAt: from.moment(),
  version: from.number(),
});

/** Is one contact with a customer. */
export interface Interaction {
  /** The key. */
  id: number;
  /** With whom; it goes with the customer. */
  customerId: number;
  /** What kind of contact it was. */
  type: InteractionType;
  /** What was said, at most 100,000 characters. */
  notes: string | null;
  /** When it was. */
  date: Date;
  /** Who made the row; null when the system did, or the user is gone. */
  createdBy: number | null;
  /** When the row was made. */
  createdAt: Date;
  /** Raised by one with every change. */
  version: number;
}

/** @internal */
export const interaction = (from: Reader): Interaction => ({
  id: from.number(),
  customerId: from.number(),
  type: from.label(INTERACTION_TYPES),
  notes: from.maybeText(),
  date: from.moment(),
  createdBy: from.maybeNumber(),
  createdAt: from.moment(),
  version: from.number(),
});

/** Is one page of a list. */
export interface Page<T> {
  /** The rows, in order. */
  items: T[];
  /** Where the next page begins, to be given as `cursor`; null on the last one. */
  nextCursor: string | null;
}

/** @internal */
export const page =
  <T>(item: Decode<T>): Decode<Page<T>> =>
  (from) => ({ items: from.many(item), nextCursor: from.maybeText() });

/** Says how often and when a customer was last contacted. */
export interface CustomerActivity extends Customer {
  /** How many interactions there are. */
  interactionCount: number;
  /** The moment of the latest; null when there is none. */
  lastInteraction: Date | null;
}

/** @internal */
export const customerActivity = (from: Reader): CustomerActivity => ({
  ...customer(from),
  interactionCount: from.number(),
  lastInteraction: from.maybeMoment(),
});

/** Says how much is in one stage of the pipeline. */
export interface PipelineStage {
  /** The stage. */
  stage: Stage;
  /** How many leads. */
  count: number;
  /** What they are worth together, two decimals; '0.00' when there is none. */
  totalValue: string;
}

/** @internal */
export const pipelineStage = (from: Reader): PipelineStage => ({
  stage: from.label(STAGES),
  count: from.number(),
  totalValue: from.text(),
});

/** Is a task that is due soon, with the names that a list shows. */
export interface DueTask extends Task {
  /** The name of the customer it is about. */
  customerName: string | null;
  /** The name of the user who has to do it. */
  assignedToName: string | null;
  /** Whether its day is before today and it is not completed. */
  overdue: boolean;
}

/** @internal */
export const dueTask = (from: Reader): DueTask => ({
  ...task(from),
  customerName: from.maybeText(),
  assignedToName: from.maybeText(),
  overdue: from.flag(),
});

/** Answers all three reports from one moment. */
export interface Snapshot {
  /** The first page of the customers by their last interaction. */
  customerActivity: Page<CustomerActivity>;
  /** The pipeline. */
  pipeline: PipelineStage[];
  /** The first page of the tasks that are due. */
  dueTasks: Page<DueTask>;
}

/** @internal */
export const snapshot = (from: Reader): Snapshot => ({
  customerActivity: page(customerActivity)(from),
  pipeline: from.many(pipelineStage),
  dueTasks: page(dueTask)(from),
});

/** Says how many customers have a tag. */
export interface TagCount {
  /** The tag, in this spelling. */
  tag: string;
  /** How many customers have it. */
  count: number;
}

/** @internal */
export const tagCount = (from: Reader): TagCount => ({ tag: from.text(), count: from.number() });

/** Is what one needs to know before calling a customer. */
export interface CustomerOverview {
  /** The customer. */
  customer: Customer;
  /** The leads that are not closed, newest first. */
  openLeads: Lead[];
  /** The tasks that are not completed, newest first. */
  openTasks: Task[];
  /** The latest interactions, newest first. */
  recentInteractions: Interaction[];
}

/** @internal */
export const customerOverview = (from: Reader): CustomerOverview => ({
  customer: customer(from),
  openLeads: from.many(lead),
  openTasks: from.many(task),
  recentInteractions: from.many(interaction),
});

/** Is a step of the schema. */
export interface Migration {
  /** The version, by which the steps are ordered: a date and a number. */
  version: number;
  /** What it does, in a word. */
  description: string;
}

/** @internal */
export const migration = (from: Reader): Migration => ({ version: from.number(), description: from.text() });

/** Lists what a backup and a restore do. */
export const PHASES = ['counting', 'dumping', 'hashing', 'schema', 'loading', 'indexing'] as const;
/** Names what a backup is doing: `counting`, `dumping`, `hashing`; or a restore: `hashing`, `schema`, `loading`, `indexing`, `counting`. */
export type Phase = (typeof PHASES)[number];

/** Says how far a backup or a restore is. */
export interface Progress {
  /** What is being done. */
  phase: Phase;
  /** The table whose rows are being dumped or loaded, such as `customers`. */
  table: string | null;
  /** How many rows are done. A backup learns of a table's rows when the table is done. */
  rows: number;
  /** How many rows there are; 0 while a backup still counts them. */
  totalRows: number;
  /** How many bytes of the dump are written, or how many bytes of rows were sent to the server. */
  bytes: number;
}

/** @internal */
export const progress = (from: Reader): Progress => ({
  phase: from.label(PHASES),
  table: from.maybeText(),
  rows: from.number(),
  totalRows: from.number(),
  bytes: from.number(),
});

/** Says what a backup holds. */
export interface Manifest {
  /** The moment whose state it holds, by the server's clock. */
  takenAt: Date;
  /** The version of the library that made it. */
  libraryVersion: string;
  /** The version of the schema. */
  schemaVersion: number;
  /** The last migration that the oldest library knows which may use it. */
  oldestLibrary: number;
  /** The version of the server. */
  serverVersion: string;
  /** The version of pg_dump. */
  pgDumpVersion: string;
  /** The size of the dump. */
  bytes: number;
  /** The digest of the dump, in hexadecimal. */
  sha256: string;
  /** How many rows each table of the schema crm has in it. */
  rows: Record<string, number>;
}

/** @internal */
export const manifest = (from: Reader): Manifest => ({
  takenAt: from.moment(),
  libraryVersion: from.text(),
  schemaVersion: from.number(),
  oldestLibrary: from.number(),
  serverVersion: from.text(),
  pgDumpVersion: from.text(),
  bytes: from.number(),
  sha256: from.text(),
  rows: Object.fromEntries(from.many((row) => [row.text(), row.number()] as const)),
});

/** Tells the passwords of the two sample users. Nobody tells them again. */
export interface Seeded {
  /** Of admin@crm.com. */
  admin: string;
  /** Of user@crm.com. */
  user: string;
}

/** @internal */
export const seeded = (from: Reader): Seeded => ({ admin: from.text(), user: from.text() });
