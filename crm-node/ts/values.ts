// What the generated inputs are made of.

/** A value of a filter: one, or any of several. */
export type OneOrMany<T> = T | readonly T[];

/** An amount of money: `'12.50'`, at most two decimals, or a safe integer. A fraction as a number is refused. */
export type Money = string | number;

/** An order: a field's name, with a `-` before it when the largest comes first. Nulls come last both ways. */
export type Order<Field extends string> = Field | `-${Field}`;

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
