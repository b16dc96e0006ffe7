// Generated from crm-core's sources by `cargo xtask generate`. Do not edit.
// Inputs: what calls are given. `crm-core/src/calls/generated.rs` reads them.
import type { ChangedFilter, CreatedFilter, Money, OneOrMany, Order } from '../values.js';
import type { InteractionType, Priority, Role, Stage, TaskStatus } from './records.js';

/** Creates a `User`. */
export interface NewUser {
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email, at most 254 characters, unique without regard to case. */
  email: string;
  /** What the user may do. 'user' when not given. */
  role?: Role | undefined;
  /** The password, 8 to 128 characters. Either it or `passwordHash` must be given. */
  password?: string | undefined;
  /** The hash that another system has stored: argon2's PHC string or bcrypt. */
  passwordHash?: string | undefined;
}

/** Changes a `User`. `undefined` keeps a field. */
export interface UserPatch {
  /** The name. */
  name?: string | undefined;
  /** The email. */
  email?: string | undefined;
  /** What the user may do. */
  role?: Role | undefined;
}

/** Selects users. */
export interface UserFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Any of these roles. */
  role?: OneOrMany<Role> | undefined;
  /** Any of these emails, compared without regard to ASCII case. */
  email?: OneOrMany<string> | undefined;
}

/** Is what a list of users can be ordered by. */
export type UserOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'name'>;

/** Creates a `Customer`. */
export interface NewCustomer {
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email. */
  email?: string | null | undefined;
  /** The phone number: at least 3 digits of any script, at most 50 characters. Spaces, dashes and digits become ASCII. */
  phone?: string | null | undefined;
  /** The company, at most 255 characters. */
  company?: string | null | undefined;
  /** At most 100 tags of at most 64 characters; duplicates without regard to case are dropped. */
  tags?: readonly string[] | null | undefined;
  /** Notes, at most 100,000 characters. */
  notes?: string | null | undefined;
  /** Who made the row; only the trusted system says so, an acting handle leaves it out. */
  createdBy?: number | null | undefined;
}

/** Changes a `Customer`. `undefined` keeps a field, `null` clears it. */
export interface CustomerPatch {
  /** The name. */
  name?: string | undefined;
  /** The email. */
  email?: string | null | undefined;
  /** The phone number. */
  phone?: string | null | undefined;
  /** The company. */
  company?: string | null | undefined;
  /** The tags, all of them. */
  tags?: readonly string[] | null | undefined;
  /** The notes. */
  notes?: string | null | undefined;
}

/** Selects customers. Texts are compared with case, as given and as validation stores them. */
export interface CustomerFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Having any of these tags. */
  tagsAny?: OneOrMany<string> | undefined;
  /** Having all of these tags. */
  tagsAll?: OneOrMany<string> | undefined;
  /** Any of these companies. */
  company?: OneOrMany<string> | undefined;
  /** Any of these emails, compared without regard to ASCII case. */
  email?: OneOrMany<string> | undefined;
  /** Words in name, email, company and phone. Every word of the search must begin one of them. */
  text?: string | undefined;
}

/** Is what a list of customers can be ordered by. */
export type CustomerOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'name'>;

/** Creates a `Lead`. */
export interface NewLead {
  /** The title, 1 to 255 characters. */
  title: string;
  /** What it is about, at most 100,000 characters. */
  description?: string | null | undefined;
  /** How far it has come. 'lead' when not given. */
  stage?: Stage | undefined;
  /** What it is worth: 0 to 99,999,999.99, at most two decimals. */
  value?: Money | null | undefined;
  /** Whose lead it is. */
  customerId?: number | null | undefined;
  /** Who works on it. */
  assignedTo?: number | null | undefined;
  /** Who made the row; only the trusted system says so, an acting handle leaves it out. */
  createdBy?: number | null | undefined;
}

/** Changes a `Lead`. `undefined` keeps a field, `null` clears it. */
export interface LeadPatch {
  /** The title. */
  title?: string | undefined;
  /** What it is about. */
  description?: string | null | undefined;
  /** How far it has come. */
  stage?: Stage | undefined;
  /** What it is worth. */
  value?: Money | null | undefined;
  /** Whose lead it is. */
  customerId?: number | null | undefined;
  /** Who works on it. */
  assignedTo?: number | null | undefined;
}

/** Selects leads. */
export interface LeadFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Any of these stages. */
  stage?: OneOrMany<Stage> | undefined;
  /** Of any of these customers. */
  customerId?: OneOrMany<number> | undefined;
  /** Who works on it. */
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those assigned to nobody; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  /** Worth at least this. */
  minValue?: Money | undefined;
  /** Worth at most this. */
  maxValue?: Money | undefined;
  /** Words in title and description. Every word of the search must begin one of them. */
  text?: string | undefined;
}

/** Is what a list of leads can be ordered by. */
export type LeadOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'title' | 'value'>;

/** Creates a `Task`. */
export interface NewTask {
  /** The title, 1 to 255 characters. */
  title: string;
  /** What is to be done, at most 100,000 characters. */
  description?: string | null | undefined;
  /** Whether it is done. 'pending' when not given. */
  status?: TaskStatus | undefined;
  /** How much it matters. 'medium' when not given. */
  priority?: Priority | undefined;
  /** The day by which it should be done, in the years 0001 to 9999. A string such as '2026-11-25'. */
  dueDate?: string | null | undefined;
  /** Who has to do it. */
  assignedTo?: number | null | undefined;
  /** Whom it is about. */
  customerId?: number | null | undefined;
  /** Who made the row; only the trusted system says so, an acting handle leaves it out. */
  createdBy?: number | null | undefined;
}

/** Changes a `Task`. `undefined` keeps a field, `null` clears it. */
export interface TaskPatch {
  /** The title. */
  title?: string | undefined;
  /** What is to be done. */
  description?: string | null | undefined;
  /** Whether it is done. */
  status?: TaskStatus | undefined;
  /** How much it matters. */
  priority?: Priority | undefined;
  /** The day by which it should be done. A string such as '2026-11-25'. */
  dueDate?: string | null | undefined;
  /** Who has to do it. */
  assignedTo?: number | null | undefined;
  /** Whom it is about. */
  customerId?: number | null | undefined;
}

/** Selects tasks. */
export interface TaskFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Any of these statuses. */
  status?: OneOrMany<TaskStatus> | undefined;
  /** Any of these priorities. */
  priority?: OneOrMany<Priority> | undefined;
  /** Who has to do it. */
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those assigned to nobody; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  /** About any of these customers. */
  customerId?: OneOrMany<number> | undefined;
  /** Due in these days, both ends included; a task without a day is in no range. The first day inside. A string such as '2026-11-25'. */
  dueSince?: string | undefined;
  /** Due in these days, both ends included; a task without a day is in no range. The last day inside. A string such as '2026-11-25'. */
  dueUntil?: string | undefined;
  /** Words in title and description. Every word of the search must begin one of them. */
  text?: string | undefined;
}

/** Is what a list of tasks can be ordered by. */
export type TaskOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'title' | 'dueDate' | 'priority'>;

/** Creates an `Interaction`. */
export interface NewInteraction {
  /** With whom. */
  customerId: number;
  /** What kind of contact it was. */
  type: InteractionType;
  /** What was said, at most 100,000 characters. */
  notes?: string | null | undefined;
  /** When it was, in the years 0001 to 9999; null means now. */
  date?: Date | null | undefined;
  /** Who made the row; only the trusted system says so, an acting handle leaves it out. */
  createdBy?: number | null | undefined;
}

/** Changes an `Interaction`. `undefined` keeps a field, `null` clears it. */
export interface InteractionPatch {
  /** With whom. */
  customerId?: number | undefined;
  /** What kind of contact it was. */
  type?: InteractionType | undefined;
  /** What was said. */
  notes?: string | null | undefined;
  /** When it was. */
  date?: Date | undefined;
}

/** Selects interactions. */
export interface InteractionFilter extends CreatedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** With any of these customers. */
  customerId?: OneOrMany<number> | undefined;
  /** Any of these kinds. */
  type?: OneOrMany<InteractionType> | undefined;
  /** Made by any of these users. */
  createdBy?: OneOrMany<number> | undefined;
  /** When it was. The first value inside. */
  dateSince?: Date | undefined;
  /** When it was. The first value outside. */
  dateUntil?: Date | undefined;
  /** Words in the notes. Every word of the search must begin one of them. */
  text?: string | undefined;
}

/** Is what a list of interactions can be ordered by. */
export type InteractionOrder = Order<'id' | 'createdAt' | 'date'>;
