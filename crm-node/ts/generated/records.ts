// Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
// Records: wire → object. `src/generated/records.rs` writes the fields in the same order.
import { type Page, page, text } from '../page.js';
import type { Reader } from '../wire.js';

/** All values of {@link InteractionType}, in order. */
export const INTERACTION_TYPES = Object.freeze(['call', 'email', 'meeting', 'note'] as const);
/** Says what kind of contact it was. */
export type InteractionType = (typeof INTERACTION_TYPES)[number];

/** All values of {@link Stage}, in order. */
export const STAGES = Object.freeze(['lead', 'qualified', 'proposal', 'closed'] as const);
/** Says how far a lead has come; the order is the pipeline's. */
export type Stage = (typeof STAGES)[number];

/** All values of {@link TaskStatus}, in order. */
export const TASK_STATUSES = Object.freeze(['pending', 'in-progress', 'completed'] as const);
/** Says whether a task is done. */
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** All values of {@link Priority}, in order. */
export const PRIORITIES = Object.freeze(['low', 'medium', 'high'] as const);
/** Says how much a task matters; low is the smallest. */
export type Priority = (typeof PRIORITIES)[number];

/** All values of {@link Role}, in order. */
export const ROLES = Object.freeze(['admin', 'user'] as const);
/** Says what a user may do. */
export type Role = (typeof ROLES)[number];

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

/** Says how many customers have a tag. */
export interface TagCount {
  /** The tag, in this spelling. */
  tag: string;
  /** How many customers have it. */
  count: number;
}

/** @internal */
export const tagCount = (from: Reader): TagCount => ({
  tag: from.text(),
  count: from.number(),
});

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
  /** What it is worth: 0 to 99,999,999.99, two decimals. A string such as '50000.00'. */
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
  /** The day by which it should be done. A string such as '2026-11-25'. */
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

/** Is a person who works with the CRM. The password's hash is not among the fields and never leaves the database. */
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
  /** What they are worth together, two decimals; zero when there is none. A string such as '50000.00'. */
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

/** Is the three reports as they were at one moment. */
export interface Snapshot {
  /** The customers by their last interaction. */
  customerActivity: Page<CustomerActivity>;
  /** The four stages. */
  pipeline: PipelineStage[];
  /** The tasks that are due soon. */
  dueTasks: Page<DueTask>;
}

/** @internal */
export const snapshot = (from: Reader): Snapshot => ({
  customerActivity: page(customerActivity)(from),
  pipeline: from.many(pipelineStage),
  dueTasks: page(dueTask)(from),
});
