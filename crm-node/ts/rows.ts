import { type CallOptions, make } from './calls.js';
import { native, type Slot } from './native.js';
import type { Decode } from './wire.js';

/**
 * Is the rows of a stream, all from one snapshot: `for await (const row of rows)`.
 *
 * It reads ahead by a few hundred rows and then waits for whoever iterates. It holds a connection until it ends; leaving the loop
 * ends it.
 */
export class Rows<T> implements AsyncIterableIterator<T> {
  readonly #rows: Slot = new native.Handle();
  readonly #options: CallOptions | undefined;
  readonly #decode: Decode<T[]>;
  #open: (() => Promise<void>) | undefined;
  #part: T[] = [];
  #at = 0;
  #ended = false;
  /** Is the last call that waits for a part, of several that somebody makes at once. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(slot: Slot, op: string, options: unknown, callOptions: CallOptions | undefined, row: Decode<T>) {
    this.#options = callOptions;
    this.#decode = (from) => from.many(row);
    const call = { op, slot, made: this.#rows, values: [options], options: callOptions, decode: () => {} };
    this.#open = () => make<void>(call);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Returns the next row. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#at < this.#part.length && !this.#options?.signal?.aborted) {
      return Promise.resolve({ done: false, value: this.#part[this.#at++]! });
    }
    return this.#fetch();
  }

  async #fetch(): Promise<IteratorResult<T, undefined>> {
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise<void>((resolve) => (done = resolve));
    try {
      await before;
      if ((this.#at === this.#part.length || this.#options?.signal?.aborted) && !this.#ended) {
        const open = this.#open;
        this.#open = undefined;
        await open?.();
        this.#at = 0;
        this.#part = await make({ op: 'next', slot: this.#rows, options: this.#options, decode: this.#decode });
        if (this.#part.length === 0) this.#end();
      }
      if (this.#at === this.#part.length) return { done: true, value: undefined };
      return { done: false, value: this.#part[this.#at++]! };
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      done();
    }
  }

  /** Ends the stream and gives its connection back; `for await` does this when the loop is left. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** Ends the stream at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#part = [];
    this.#at = 0;
    this.#rows.release();
  }
}
