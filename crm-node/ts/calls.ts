// Makes calls: writes their values, waits for their results, and lets them be aborted.
import * as timers from 'node:timers';
import { Failure } from './errors.js';
import { native, type Slot } from './native.js';
import { type Decode, Reader, Writer } from './wire.js';

/** Is what any call may be given besides its values. */
export interface CallOptions {
  /** Aborts the call, which then rejects with an `AbortError`; the server stops the work. */
  signal?: AbortSignal | null | undefined;
}

interface Pending {
  readonly decode: Decode<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
}

// Taken when the module loads: a test that fakes the timers would otherwise stop all calls.
const { setImmediate, setInterval } = timers;

const pending = new Map<number, Pending>();
const { version } = require('../package.json') as { version: string };
const bridge = new native.Bridge(version, drain);
const reader = new Reader();
let writer: Writer | undefined = new Writer();

/** Keeps the process alive while a call is pending, which an idle handle does not. */
const alive = setInterval(() => {}, 0x7fff_ffff).unref();

/**
 * Is a call to be made.
 *
 * @internal
 */
export interface Call<T> {
  readonly op: string;
  readonly slot: Slot;
  /** What the call opens. */
  readonly made?: Slot;
  readonly values?: readonly unknown[];
  readonly options?: CallOptions | undefined;
  readonly decode: Decode<T>;
}

/**
 * Makes a call. A wrong value rejects like everything else.
 *
 * @internal
 */
export async function make<T>(call: Call<T>): Promise<T> {
  try {
    const signal = call.options === undefined ? undefined : signalOf(call.options);
    if (signal === undefined) return await new Promise<T>((resolve, reject) => void begin(call, resolve, reject));
    return await abortable(call, signal);
  } catch (error) {
    // Here and not where it was read, because from here the stack leads to the caller.
    throw error instanceof Failure || error instanceof Abortion ? error.thrown(make) : error;
  }
}

function begin<T>(call: Call<T>, resolve: (value: T) => void, reject: (reason: unknown) => void): number {
  // A getter of a value might make a call of its own meanwhile.
  const ours = writer ?? new Writer();
  writer = undefined;
  try {
    if (call.values !== undefined) for (const value of call.values) ours.value(value);
    const begun = bridge.begin(call.op, call.slot, call.made, ours.numbers, ours.length, ours.text);
    if (pending.size === 0) alive.ref();
    pending.set(Math.abs(begun), { decode: call.decode, resolve, reject });
    if (begun < 0) drain();
    return Math.abs(begun);
  } finally {
    ours.reset();
    writer = ours;
  }
}

/** Ends the wait for a call. */
function take(id: number): Pending | undefined {
  const taken = pending.get(id);
  pending.delete(id);
  if (pending.size === 0) alive.unref();
  return taken;
}

/** Takes over the results of calls that have ended. */
function drain(): void {
  let text = bridge.drain(reader.numbers);
  if (reader.numbers[0]! < 0) {
    reader.resize(-reader.numbers[0]!);
    text = bridge.drain(reader.numbers);
  }
  const { end, more } = reader.begin(text);
  const settle: (() => void)[] = [];
  while (reader.at < end) {
    const call = take(reader.number());
    // Only one that was aborted has nobody waiting, and that one has no result.
    if (call === undefined) throw new Error('crm-node: a result that nobody waits for');
    if (reader.flag()) {
      const value = call.decode(reader);
      settle.push(() => call.resolve(value as never));
    } else {
      const failure = Failure.read(reader);
      settle.push(() => call.reject(failure));
    }
  }
  reader.end();
  // Not at once: timers and sockets have their turn before.
  if (more) setImmediate(drain);
  // Only now, because somebody's hook may make a call, and so drain, when a promise is settled.
  for (const one of settle) one();
}

function abortable<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(new Abortion(signal));
    let id = 0;
    const settled = whenAborted(signal, () => {
      take(id);
      bridge.abort(id);
      reject(new Abortion(signal));
    });
    try {
      id = begin<T>(
        call,
        (value) => (settled(), resolve(value)),
        (reason) => (settled(), reject(reason)),
      );
    } catch (error) {
      settled();
      throw error;
    }
    // A getter of a value may have aborted it before it had a number.
    if (signal.aborted && take(id) !== undefined) bridge.abort(id);
  });
}

/** Is what is to be called when a signal fires, as the one listener that it gets. */
class Listener {
  readonly calls = new Set<() => void>();
  readonly handleEvent = (): void => {
    const calls = [...this.calls];
    this.calls.clear();
    for (const call of calls) call();
  };
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls `abort` when the signal fires; returns what ends that. A signal gets one listener for all calls, because Node warns of more than
 * a few.
 *
 * @internal
 */
export function whenAborted(signal: AbortSignal, abort: () => void): () => void {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    listener = new Listener();
    listeners.set(signal, listener);
    signal.addEventListener('abort', listener, { once: true });
  }
  const { calls } = listener;
  calls.add(abort);
  return () => {
    if (!calls.delete(abort) || calls.size > 0) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

/**
 * Carries an abort to where it is thrown, as what Node's own functions reject with.
 *
 * @internal
 */
export class Abortion {
  constructor(readonly signal: AbortSignal) {}

  thrown(by: (...args: never[]) => unknown): Error {
    const error = new Error('The operation was aborted', { cause: this.signal.reason });
    Error.captureStackTrace(error, by);
    return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
  }
}

/**
 * Makes the slot of a user's handle. What cannot be an id is refused by each of its calls.
 *
 * @internal
 */
export function actingAs(slot: Slot, userId: unknown): Slot {
  const ours = new Writer();
  try {
    ours.value(userId);
  } catch {
    // This returns no promise that could reject, and what cannot be read is no id.
    ours.reset();
    ours.value({});
  }
  return slot.actingAs(ours.numbers, ours.length, ours.text);
}

/**
 * Takes the signal out of options; what is left is the native half's to judge, an object or not.
 *
 * @internal
 */
export function withoutSignal(options: unknown): { signal: CallOptions; rest: unknown } {
  if (!isPlain(options)) return { signal: {}, rest: options };
  const { signal, ...rest } = options as CallOptions;
  return { signal: { signal }, rest };
}

/** @internal */
export function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** Reads the options of a call, of which none but these is known. */
function signalOf(options: unknown): AbortSignal | undefined {
  if (!isPlain(options)) throw Failure.of('options', 'invalid_type', 'must be an object such as { signal }');
  for (const [name, value] of Object.entries(options)) {
    if (name !== 'signal' && value !== undefined) throw Failure.of(name, 'unknown_field', 'is not known here');
  }
  const signal = (options as CallOptions).signal ?? undefined;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw Failure.of('signal', 'invalid_type', 'must be an AbortSignal');
  }
  return signal;
}
