export type * from './generated/inputs.js';
export type * from './values.js';

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
