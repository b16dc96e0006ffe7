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

/** Where a platform's addon is looked for: beside the package, then in a package of its own. */
interface Places {
  readonly beside: () => unknown;
  readonly found: () => string;
  readonly packaged: () => unknown;
}

// Every name is written out, so that tools which follow the files of a program (Next.js, bundlers of serverless functions) find the addon.
const PLACES: Readonly<Record<string, Places>> = {
  'darwin-arm64': {
    beside: () => require('../crm-node.darwin-arm64.node'),
    found: () => require.resolve('crm-node-darwin-arm64'),
    packaged: () => require('crm-node-darwin-arm64'),
  },
  'darwin-x64': {
    beside: () => require('../crm-node.darwin-x64.node'),
    found: () => require.resolve('crm-node-darwin-x64'),
    packaged: () => require('crm-node-darwin-x64'),
  },
  'linux-arm64-gnu': {
    beside: () => require('../crm-node.linux-arm64-gnu.node'),
    found: () => require.resolve('crm-node-linux-arm64-gnu'),
    packaged: () => require('crm-node-linux-arm64-gnu'),
  },
  'linux-arm64-musl': {
    beside: () => require('../crm-node.linux-arm64-musl.node'),
    found: () => require.resolve('crm-node-linux-arm64-musl'),
    packaged: () => require('crm-node-linux-arm64-musl'),
  },
  'linux-x64-gnu': {
    beside: () => require('../crm-node.linux-x64-gnu.node'),
    found: () => require.resolve('crm-node-linux-x64-gnu'),
    packaged: () => require('crm-node-linux-x64-gnu'),
  },
  'linux-x64-musl': {
    beside: () => require('../crm-node.linux-x64-musl.node'),
    found: () => require.resolve('crm-node-linux-x64-musl'),
    packaged: () => require('crm-node-linux-x64-musl'),
  },
};

function load(): Native {
  const places = PLACES[PLATFORM];
  if (places === undefined) {
    throw new Error(`crm-node has no addon for ${PLATFORM}. It has one for ${Object.keys(PLACES).join(', ')}.`);
  }
  if (existsSync(ADDON)) return loaded(ADDON, places.beside);
  let file: string;
  try {
    file = places.found();
  } catch (cause) {
    const message =
      `crm-node finds no addon for ${PLATFORM}: neither ${ADDON} nor the package crm-node-${PLATFORM} is there. ` +
      'npm leaves that package out with --omit=optional, and where an old npm wrote the lock file on another platform: install again. ' +
      'In the repository, build it with `npm run build`, which needs cargo.';
    throw new Error(message, { cause });
  }
  return loaded(file, places.packaged);
}

/** Loads an addon that is there. */
function loaded(file: string, addon: () => unknown): Native {
  try {
    return addon() as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message =
      `crm-node cannot load its addon ${file}: ${reason}. It was built for ${PLATFORM}. ` +
      'Install crm-node again on the machine that runs it: its system libraries or its processor may differ, or the file is damaged.';
    throw new Error(message, { cause });
  }
}

export const native = load();
