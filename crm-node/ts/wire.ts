/**
 * What crosses the border to the native half: an array of numbers and one text each way, which `src/wire.rs` reads and writes on
 * its side. Lengths of texts are among the numbers, in UTF-16 units.
 *
 * @internal
 */
import { constants } from 'node:buffer';
import { types } from 'node:util';
import { Failure } from './errors.js';

/** Names the kinds of values, in the order of the constants in `src/wire.rs`. */
const KIND = { null: 0, true: 1, false: 2, number: 3, text: 4, moment: 5, list: 6, object: 7, other: 8 } as const;

/** No input nests deeper. */
const DEEPEST = 8;

/** Limits how many numbers one call hands over; a million rows of a dozen fields have half as many. */
const MOST = 64 * 1024 * 1024;

/** Is how many numbers are kept room for while no call needs more. */
const USUAL = 16 * 1024;

/** Writes the values of a call. */
export class Writer {
  numbers = new Float64Array(USUAL);
  length = 0;
  text = '';
  readonly #keys = new Map<string, number>();
  /** Is the objects in which what is being written lies. */
  #around: object[] = [];

  /** Forgets the last call. */
  reset(): void {
    this.length = 0;
    this.text = '';
    this.#keys.clear();
    this.#around = [];
    if (this.numbers.length > 64 * USUAL) this.numbers = new Float64Array(USUAL);
  }

  value(value: unknown, depth = 0): void {
    switch (typeof value) {
      case 'undefined':
        return this.#number(KIND.null);
      case 'boolean':
        return this.#number(value ? KIND.true : KIND.false);
      case 'number':
        this.#number(KIND.number);
        return this.#number(value);
      case 'string':
        this.#number(KIND.text);
        return this.#text(value);
      case 'object':
        if (value === null) return this.#number(KIND.null);
        if (depth === DEEPEST) return this.#other('something nested so deeply');
        // It would be written again and again, at each depth as often as it holds itself.
        if (this.#around.includes(value)) return this.#other('something that holds itself');
        this.#around.push(value);
        this.#object(value, depth + 1);
        this.#around.pop();
        return;
      default:
        return this.#other(`a ${typeof value}`);
    }
  }

  #object(value: object, depth: number): void {
    if (Array.isArray(value)) {
      // One of holes is as long as it says, and needs no memory.
      if (value.length > MOST) throw tooMuch();
      this.#number(KIND.list);
      const at = this.length;
      this.#number(0);
      let count = 0;
      for (const item of value) {
        count += 1;
        this.value(item, depth);
      }
      this.numbers[at] = count;
    } else if (types.isDate(value)) {
      this.#number(KIND.moment);
      this.#number(Date.prototype.getTime.call(value));
    } else {
      const name = Object.prototype.toString.call(value).slice(8, -1);
      if (name === 'Object') this.#properties(value, depth);
      else this.#other(`a ${name}`);
    }
  }

  #properties(value: object, depth: number): void {
    this.#number(KIND.object);
    const at = this.length;
    this.#number(0);
    let count = 0;
    for (const [key, property] of Object.entries(value)) {
      if (property === undefined) continue;
      count += 1;
      this.#key(key);
      this.value(property, depth);
    }
    this.numbers[at] = count;
  }

  /** Writes a property's name, which is spelt out only the first time. */
  #key(key: string): void {
    const known = this.#keys.get(key);
    if (known !== undefined) return this.#number(known);
    this.#number(this.#keys.size);
    this.#keys.set(key, this.#keys.size);
    this.#text(key);
  }

  #other(what: string): void {
    this.#number(KIND.other);
    this.#text(what);
  }

  #text(text: string): void {
    if (text.length > constants.MAX_STRING_LENGTH - this.text.length) throw tooMuch();
    this.#number(text.length);
    this.text += text;
  }

  #number(number: number): void {
    if (this.length === this.numbers.length) {
      if (this.length >= MOST) throw tooMuch();
      const longer = new Float64Array(2 * this.length);
      longer.set(this.numbers);
      this.numbers = longer;
    }
    this.numbers[this.length++] = number;
  }
}

function tooMuch(): Failure {
  return Failure.of('values', 'too_long', 'must not be so much at once');
}

/** Makes a value of what comes next. */
export type Decode<T> = (from: Reader) => T;

/** Reads results. */
export class Reader {
  #numbers = new Float64Array(USUAL);
  #at = 0;
  #text = '';
  #textAt = 0;

  /** Is where the native half writes; it may be asked to be longer. */
  get numbers(): Float64Array {
    return this.#numbers;
  }

  resize(length: number): void {
    this.#numbers = new Float64Array(length);
  }

  /** Begins with what was written; returns where it ends, and whether there is more to come. */
  begin(text: string): { end: number; more: boolean } {
    this.#at = 2;
    this.#text = text;
    this.#textAt = 0;
    return { end: this.#numbers[0]! + 2, more: this.#numbers[1] === 1 };
  }

  /** Ends it. */
  end(): void {
    this.#text = '';
    if (this.#numbers.length > 64 * USUAL) this.resize(USUAL);
  }

  get at(): number {
    return this.#at;
  }

  number(): number {
    return this.#numbers[this.#at++]!;
  }

  maybeNumber(): number | null {
    const number = this.#numbers[this.#at++]!;
    return Number.isNaN(number) ? null : number;
  }

  flag(): boolean {
    return this.number() === 1;
  }

  text(): string {
    const from = this.#textAt;
    this.#textAt += this.#numbers[this.#at++]!;
    return this.#text.substring(from, this.#textAt);
  }

  maybeText(): string | null {
    if (this.#numbers[this.#at] !== -1) return this.text();
    this.#at += 1;
    return null;
  }

  moment(): Date {
    return new Date(this.number());
  }

  maybeMoment(): Date | null {
    const millis = this.number();
    return Number.isNaN(millis) ? null : new Date(millis);
  }

  label<L extends string>(labels: readonly L[]): L {
    return labels[this.number()]!;
  }

  many<T>(decode: Decode<T>): T[] {
    const count = this.number();
    const items: T[] = [];
    for (let n = 0; n < count; n += 1) items.push(decode(this));
    return items;
  }

  maybe<T>(decode: Decode<T>): T | null {
    return this.flag() ? decode(this) : null;
  }
}
