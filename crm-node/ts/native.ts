/**
 * Loads the native half: the addon beside the package, or the package of this platform.
 *
 * @internal
 */
import { existsSync } from 'node:fs';
import { ADDON, PLATFORM } from './platform.js';

/** Is a slot for what the library holds: `src/handle.rs`. */
export interface Slot {
  readonly url: string | null;
  actingAs(numbers: Float64Array, count: number, text: string): Slot;
  release(): void;
}

/** Is the bridge between this event loop and the library: `src/bridge.rs`. */
export interface Bridge {
  begin(
    op: string,
    slot: Slot,
    made: Slot | undefined,
    numbers: Float64Array,
    count: number,
    text: string,
  ): number;
  abort(id: number): void;
  drain(numbers: Float64Array): string;
}

interface Native {
  Handle: new () => Slot;
  Bridge: new (version: string, wake: () => void) => Bridge;
}

function load(): Native {
  if (existsSync(ADDON)) return require(ADDON) as Native;
  try {
    return require(`crm-node-${PLATFORM}`) as Native;
  } catch (cause) {
    const message =
      `crm-node has no addon for ${PLATFORM}: neither ${ADDON} nor the package crm-node-${PLATFORM} is there. ` +
      'npm leaves that package out with --omit=optional, and where a lock file was made on another platform by an old npm: install again. ' +
      'In the repository, build it with `npm run build`, which needs cargo.';
    throw new Error(message, { cause });
  }
}

export const native = load();
