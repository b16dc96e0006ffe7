import type { Decode } from './wire.js';

/** @internal */
export const text: Decode<string> = (from) => from.text();

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
