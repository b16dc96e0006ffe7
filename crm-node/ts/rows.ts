import { Abortion, type CallOptions, make, whenAborted } from './calls.js';
import { native, type Slot } from './native.js';
import type { Decode } from './wire.js';

/**
 * Is the rows of a stream, all from one snapshot: `for await (const row of rows)`.
 *
 * It reads ahead by some rows and then waits for whoever iterates. It holds a connection until it ends; leaving the loop ends it. The
 * texts of 250 rows share their memory: what is kept of one row may keep the others'.
 */
export class Rows<T> implements AsyncIterableIterator<T> {
  readonly #rows: Slot = new native.Handle();
  readonly #decode: Decode<T[]>;
  /** Ends what is under way. */
  readonly #ending = new AbortController();
  #open: (() => Promise<void>) | undefined;
  #part: T[] = [];
  #at = 0;
  #ended = false;
  /** Is the caller's signal when it has fired, until that is told. */
  #aborted: AbortSignal | undefined;
  #unsubscribe = () => {};
  /** Is the last call that waits for a part, of several that somebody makes at once. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(slot: Slot, op: string, options: unknown, callOptions: CallOptions | undefined, row: Decode<T>) {
    this.#decode = (from) => from.many(row);
    this.#open = async () => {
      await make({ op, slot, made: this.#rows, values: [options], options: callOptions, decode: () => {} });
      const signal = callOptions?.signal;
      if (signal) {
        this.#unsubscribe = whenAborted(signal, () => {
          this.#aborted = signal;
          this.#end();
        });
      }
    };
  }

  /** Returns itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Returns the next row. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#at < this.#part.length) {
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
      if (this.#at === this.#part.length && !this.#ended) await this.#read();
    } catch (error) {
      // What ends a stream also breaks off what it waits for, which is no error of its own.
      if (!this.#ended) {
        this.#end();
        throw error;
      }
    } finally {
      done();
    }
    this.#tellAbort();
    if (this.#at === this.#part.length) return { done: true, value: undefined };
    return { done: false, value: this.#part[this.#at++]! };
  }

  async #read(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.();
    if (this.#ended) return;
    const options = { signal: this.#ending.signal };
    const part = await make({ op: 'next', slot: this.#rows, options, decode: this.#decode });
    if (this.#ended) return;
    this.#at = 0;
    this.#part = part;
    if (part.length === 0) this.#end();
  }

  #tellAbort(): void {
    const signal = this.#aborted;
    this.#aborted = undefined;
    if (signal !== undefined) throw new Abortion(signal).thrown(this.next);
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
    if (this.#ended) return;
    this.#ended = true;
    this.#part = [];
    this.#at = 0;
    this.#unsubscribe();
    this.#rows.release();
    this.#ending.abort();
  }
}
