import type { InteractionType, Priority, Role, Stage, TaskStatus } from './records.js';

/** Is a value of a filter: one, or any of several. */
export type OneOrMany<T> = T | readonly T[];

/** Is an amount of money: `'12.50'`, at most two decimals, or a safe integer. A fraction as a number is refused. */
export type Money = string | number;

/** Is an order: a field's name, with a `-` before it when the largest comes first. Nulls come last both ways. */
export type Order<Field extends string> = Field | `-${Field}`;

/** Is a new user. One of `password` and `passwordHash` must be given. */
export interface NewUser {
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email, which nobody else may have. */
  email: string;
  /** 'user' when not given. */
  role?: Role | undefined;
  /** 8 to 128 characters. */
  password?: string | undefined;
  /** What an imported system has stored: argon2's PHC string or bcrypt. */
  passwordHash?: string | undefined;
}

/** Is a change of a user. */
export interface UserPatch {
  name?: string | undefined;
  email?: string | undefined;
  role?: Role | undefined;
}

/** Selects by when rows were made: since ≤ x < until. */
export interface CreatedFilter {
  createdSince?: Date | undefined;
  createdUntil?: Date | undefined;
}

/** Selects by when rows were made and last changed: since ≤ x < until. */
export interface ChangedFilter extends CreatedFilter {
  updatedSince?: Date | undefined;
  updatedUntil?: Date | undefined;
}

/** Selects users. */
export interface UserFilter extends ChangedFilter {
  ids?: OneOrMany<number> | undefined;
  role?: OneOrMany<Role> | undefined;
  /** Without regard to case. */
  email?: OneOrMany<string> | undefined;
}

/** Is what users are ordered by. */
export type UserOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'name'>;

/** Is a new customer. Texts are trimmed, and one that may be null is null when it is blank; so in every input. */
export interface NewCustomer {
  /** The name, 1 to 255 characters. */
  name: string;
  email?: string | null | undefined;
  /** As people write it, at most 50 characters and at least 3 digits. */
  phone?: string | null | undefined;
  /** At most 255 characters. */
  company?: string | null | undefined;
  /** At most 100 of at most 64 characters; of those that differ in case only the first is kept. */
  tags?: readonly string[] | null | undefined;
  /** At most 100,000 characters. */
  notes?: string | null | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of a customer: `undefined` keeps, `null` clears. */
export interface CustomerPatch {
  name?: string | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
  company?: string | null | undefined;
  tags?: readonly string[] | null | undefined;
  notes?: string | null | undefined;
}

/** Selects customers. */
export interface CustomerFilter extends ChangedFilter {
  ids?: OneOrMany<number> | undefined;
  /** Customers with any of these tags. */
  tagsAny?: OneOrMany<string> | undefined;
  /** Customers with all of these tags. */
  tagsAll?: OneOrMany<string> | undefined;
  company?: OneOrMany<string> | undefined;
  email?: OneOrMany<string> | undefined;
  /** Every word begins some word of name, email, company or phone. */
  text?: string | undefined;
}

/** Is what customers are ordered by. */
export type CustomerOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'name'>;

/** Is a new lead. */
export interface NewLead {
  /** The title, 1 to 255 characters. */
  title: string;
  /** At most 100,000 characters. */
  description?: string | null | undefined;
  /** 'lead' when not given. */
  stage?: Stage | undefined;
  /** 0 to 99999999.99. */
  value?: Money | null | undefined;
  customerId?: number | null | undefined;
  /** Who works on it. */
  assignedTo?: number | null | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of a lead: `undefined` keeps, `null` clears. */
export interface LeadPatch {
  title?: string | undefined;
  description?: string | null | undefined;
  stage?: Stage | undefined;
  value?: Money | null | undefined;
  customerId?: number | null | undefined;
  assignedTo?: number | null | undefined;
}

/** Selects leads. */
export interface LeadFilter extends ChangedFilter {
  ids?: OneOrMany<number> | undefined;
  stage?: OneOrMany<Stage> | undefined;
  customerId?: OneOrMany<number> | undefined;
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those that nobody works on; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  minValue?: Money | undefined;
  maxValue?: Money | undefined;
  /** Every word begins some word of title or description. */
  text?: string | undefined;
}

/** Is what leads are ordered by. */
export type LeadOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'title' | 'value'>;

/** Is a new task. */
export interface NewTask {
  /** The title, 1 to 255 characters. */
  title: string;
  /** At most 100,000 characters. */
  description?: string | null | undefined;
  /** 'pending' when not given. */
  status?: TaskStatus | undefined;
  /** 'medium' when not given. */
  priority?: Priority | undefined;
  /** 'YYYY-MM-DD'. */
  dueDate?: string | null | undefined;
  /** Who has to do it. */
  assignedTo?: number | null | undefined;
  customerId?: number | null | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of a task: `undefined` keeps, `null` clears. */
export interface TaskPatch {
  title?: string | undefined;
  description?: string | null | undefined;
  status?: TaskStatus | undefined;
  priority?: Priority | undefined;
  /** 'YYYY-MM-DD'. */
  dueDate?: string | null | undefined;
  assignedTo?: number | null | undefined;
  customerId?: number | null | undefined;
}

/** Selects tasks. */
export interface TaskFilter extends ChangedFilter {
  ids?: OneOrMany<number> | undefined;
  status?: OneOrMany<TaskStatus> | undefined;
  priority?: OneOrMany<Priority> | undefined;
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those that nobody has to do; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  customerId?: OneOrMany<number> | undefined;
  /** 'YYYY-MM-DD', this day included. */
  dueSince?: string | undefined;
  /** 'YYYY-MM-DD', this day included. */
  dueUntil?: string | undefined;
  /** Every word begins some word of title or description. */
  text?: string | undefined;
}

/** Is what tasks are ordered by. */
export type TaskOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'title' | 'dueDate' | 'priority'>;

/** Is a new interaction. */
export interface NewInteraction {
  customerId: number;
  type: InteractionType;
  /** At most 100,000 characters. */
  notes?: string | null | undefined;
  /** Now when not given. */
  date?: Date | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of an interaction: `undefined` keeps, `null` clears. */
export interface InteractionPatch {
  customerId?: number | undefined;
  type?: InteractionType | undefined;
  notes?: string | null | undefined;
  date?: Date | undefined;
}

/** Selects interactions. */
export interface InteractionFilter extends CreatedFilter {
  ids?: OneOrMany<number> | undefined;
  customerId?: OneOrMany<number> | undefined;
  type?: OneOrMany<InteractionType> | undefined;
  createdBy?: OneOrMany<number> | undefined;
  dateSince?: Date | undefined;
  dateUntil?: Date | undefined;
  /** Every word begins some word of the notes. */
  text?: string | undefined;
}

/** Is what interactions are ordered by. */
export type InteractionOrder = Order<'id' | 'createdAt' | 'date'>;

/** Says which page of a list is read. */
export interface PageOptions<OrderName extends string> {
  /** `'-id'`, newest first, when not given. Ties are broken by id in the order's direction. */
  order?: OrderName | undefined;
  /** 1 to 1,000 rows; 50 when not given. */
  limit?: number | undefined;
  /** A page's `nextCursor`: where to go on. */
  cursor?: string | null | undefined;
}

/** Says in which order rows are read. */
export interface StreamOptions<OrderName extends string> {
  /** `'-id'`, newest first, when not given. */
  order?: OrderName | undefined;
}
