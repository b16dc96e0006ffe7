import type { Reader } from './wire.js';

export * from './generated/records.js';
export * from './page.js';

// What the decoders read, in the order in which `src/records.rs` and `src/backup.rs` write it.

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
