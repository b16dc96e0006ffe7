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
  /** The name, 1 to 255 characters. */
  name?: string | undefined;
  /** The email, which nobody else may have. */
  email?: string | undefined;
  /** The role, which only an admin changes. */
  role?: Role | undefined;
}

/** Selects by when rows were made: since ≤ x < until. */
export interface CreatedFilter {
  /** Made at this moment or later. */
  createdSince?: Date | undefined;
  /** Made before this moment. */
  createdUntil?: Date | undefined;
}

/** Selects by when rows were made and last changed: since ≤ x < until. */
export interface ChangedFilter extends CreatedFilter {
  /** Last changed at this moment or later. */
  updatedSince?: Date | undefined;
  /** Last changed before this moment. */
  updatedUntil?: Date | undefined;
}

/** Selects users. */
export interface UserFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Any of these roles. */
  role?: OneOrMany<Role> | undefined;
  /** Without regard to ASCII case. */
  email?: OneOrMany<string> | undefined;
}

/** Is what users are ordered by. */
export type UserOrder = Order<'id' | 'createdAt' | 'updatedAt' | 'name'>;

/** Is a new customer. Texts are trimmed, and one that may be null is null when it is blank; so in every input. */
export interface NewCustomer {
  /** The name, 1 to 255 characters. */
  name: string;
  /** The email. */
  email?: string | null | undefined;
  /** As people write it, at most 50 characters and at least 3 digits; spaces, dashes and digits become ASCII. */
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
  /** The name, 1 to 255 characters. */
  name?: string | undefined;
  /** The email. */
  email?: string | null | undefined;
  /** As people write it, at most 50 characters and at least 3 digits; spaces, dashes and digits become ASCII. */
  phone?: string | null | undefined;
  /** At most 255 characters. */
  company?: string | null | undefined;
  /** All the tags from now on; `addTags` and `removeTags` change some. */
  tags?: readonly string[] | null | undefined;
  /** At most 100,000 characters. */
  notes?: string | null | undefined;
}

/** Selects customers. */
export interface CustomerFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Customers with any of these tags. */
  tagsAny?: OneOrMany<string> | undefined;
  /** Customers with all of these tags. */
  tagsAll?: OneOrMany<string> | undefined;
  /** Any of these companies, with case. */
  company?: OneOrMany<string> | undefined;
  /** Any of these emails, without regard to ASCII case. */
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
  /** The customer it belongs to, if any. */
  customerId?: number | null | undefined;
  /** Who works on it. */
  assignedTo?: number | null | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of a lead: `undefined` keeps, `null` clears. */
export interface LeadPatch {
  /** The title, 1 to 255 characters. */
  title?: string | undefined;
  /** At most 100,000 characters. */
  description?: string | null | undefined;
  /** Where the lead is in the pipeline. */
  stage?: Stage | undefined;
  /** 0 to 99999999.99. */
  value?: Money | null | undefined;
  /** The customer it belongs to. */
  customerId?: number | null | undefined;
  /** Who works on it. */
  assignedTo?: number | null | undefined;
}

/** Selects leads. */
export interface LeadFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** In any of these stages. */
  stage?: OneOrMany<Stage> | undefined;
  /** Of any of these customers. */
  customerId?: OneOrMany<number> | undefined;
  /** In the hands of any of these users. */
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those that nobody works on; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  /** Worth at least this. */
  minValue?: Money | undefined;
  /** Worth at most this. */
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
  /** The customer it belongs to, if any. */
  customerId?: number | null | undefined;
  /** Who makes it; only the trusted system may say so. */
  createdBy?: number | null | undefined;
}

/** Is a change of a task: `undefined` keeps, `null` clears. */
export interface TaskPatch {
  /** The title, 1 to 255 characters. */
  title?: string | undefined;
  /** At most 100,000 characters. */
  description?: string | null | undefined;
  /** How far it is. */
  status?: TaskStatus | undefined;
  /** How urgent it is. */
  priority?: Priority | undefined;
  /** 'YYYY-MM-DD'. */
  dueDate?: string | null | undefined;
  /** Who has to do it. */
  assignedTo?: number | null | undefined;
  /** The customer it belongs to. */
  customerId?: number | null | undefined;
}

/** Selects tasks. */
export interface TaskFilter extends ChangedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** With any of these statuses. */
  status?: OneOrMany<TaskStatus> | undefined;
  /** With any of these priorities. */
  priority?: OneOrMany<Priority> | undefined;
  /** For any of these users to do. */
  assignedTo?: OneOrMany<number> | undefined;
  /** True for those that nobody has to do; not beside `assignedTo`. */
  unassigned?: boolean | undefined;
  /** Of any of these customers. */
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
  /** The customer it belongs to. */
  customerId: number;
  /** What kind of contact it was. */
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
  /** The customer it belongs to. */
  customerId?: number | undefined;
  /** What kind of contact it was. */
  type?: InteractionType | undefined;
  /** At most 100,000 characters. */
  notes?: string | null | undefined;
  /** When it was. */
  date?: Date | undefined;
}

/** Selects interactions. */
export interface InteractionFilter extends CreatedFilter {
  /** Any of these ids. */
  ids?: OneOrMany<number> | undefined;
  /** Of any of these customers. */
  customerId?: OneOrMany<number> | undefined;
  /** Of any of these kinds. */
  type?: OneOrMany<InteractionType> | undefined;
  /** Made by any of these users. */
  createdBy?: OneOrMany<number> | undefined;
  /** At this moment or later. */
  dateSince?: Date | undefined;
  /** Before this moment. */
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
