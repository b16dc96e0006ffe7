// What the soak's clients in JavaScript have in common: their ledgers, and how a call is made and judged.
import { setTimeout as sleep } from 'node:timers/promises';

import { CrmError } from '../../../crm-node/index.mjs';

export const RING = 24;
export const BULK = 510;
export const HUGE = Number.MAX_SAFE_INTEGER;
const OF_A_FAULT = ['unavailable', 'timeout', 'serialization'];
export const TABLES = {
  user: 'users',
  customer: 'customers',
  deal: 'customers',
  bulk: 'customers',
  lead: 'leads',
  task: 'tasks',
  interaction: 'interactions',
};

export const shared = JSON.parse(process.argv[3]);

/** Says that a call did not succeed: it is `known` not to be done, `unknown`, or `refused` as it should be. */
export class Fault extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

/** Is how the calls of this process ended. */
export const tally = { calls: {}, longest: ['', 0], findings: [] };

function count(group, outcome) {
  const outcomes = (tally.calls[group] ??= {});
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

export function kindOf(number) {
  if (number % 120 === 29) return 'bulk';
  if (number % 50 === 49) return 'user';
  if (number % 10 === 9) return 'many';
  return ['customer', 'lead', 'task', 'interaction', 'deal'][Math.floor((number % 10) / 2)];
}

export const acts = (number) => kindOf(number) !== 'user' && number % 7 > 3;
export const below = (end) => Math.floor(Math.random() * end);
export const maybe = () => Math.random() < 0.5;
export const oneOf = (values) => values[below(values.length)];
export const money = () => (below(10_000_000) / 100).toFixed(2);
export const day = () => `2026-03-${String(1 + below(30)).padStart(2, '0')}`;
export const nameOf = (row) => row.title ?? row.name ?? row.notes;
export const show = (value) => JSON.stringify(value);
export const isSorted = (values, before) => values.every((value, n) => n === 0 || before(values[n - 1], value));

export function onlyFaults(error) {
  if (!(error instanceof Fault)) throw error;
}

export class Calls {
  constructor(n, crm) {
    [this.actor, this.isAdmin] = shared.users[n % shared.users.length];
    Object.assign(this, { crm, name: `node-${n}`, next: 0, ring: [], unknown: [], tags: [], perhaps: [] });
    Object.assign(this, { anchor: shared.anchors[n], counter: shared.counters[n], counted: 0, perhapsCounted: 0 });
    Object.assign(this, { madeTags: 0, ending: false });
  }

  ledger() {
    const { name: client, actor, next, ring, unknown, anchor, tags, perhaps, counter, counted } = this;
    const perhaps_counted = this.perhapsCounted;
    return { client, actor, next, ring, unknown, anchor, tags, perhaps, counter, counted, perhaps_counted };
  }

  async run(stopping) {
    try {
      while (!stopping()) {
        await this.turn().catch(onlyFaults);
        await sleep(below(40));
      }
      this.ending = true;
      for (let n = 0; n < 4; n += 1) {
        for (const table of ['customers', 'leads', 'tasks', 'interactions']) {
          await this.readOf(table).catch(onlyFaults);
        }
      }
    } catch (error) {
      this.find(`broke off: ${error.stack}`);
    }
  }

  find(finding) {
    if (tally.findings.length < 30) tally.findings.push(`${this.name}: ${finding}`);
  }

  check(holds, what) {
    if (!holds) this.find(what());
  }

  nameAt(number) {
    return `${this.name}-${number} by ${acts(number) ? this.actor : 0}`;
  }

  store(acting) {
    return acting ? this.crm.actingAs(this.actor) : this.crm;
  }

  /** Makes a call, which gets a signal; one in fifty is aborted midway. */
  async call(group, op, make, { writes = false, may = [], gone, abortion } = {}) {
    const begun = performance.now();
    const took = () => {
      const seconds = (performance.now() - begun) / 1000;
      this.check(seconds < shared.hangs, () => `${op} took ${seconds} seconds`);
      if (seconds > tally.longest[1]) tally.longest = [op, seconds];
    };
    const aborted = !this.ending && below(50) === 0;
    const controller = new AbortController();
    const timer = aborted ? setTimeout(() => controller.abort(), below(8)) : undefined;
    try {
      const answer = await make(aborted ? { signal: controller.signal } : {});
      took();
      count(group, 'ok');
      return answer;
    } catch (error) {
      if (error.name === 'AbortError' && aborted) {
        count(group, 'cancelled');
        throw new Fault(abortion ?? (writes ? 'unknown' : 'known'));
      }
      if (!(error instanceof CrmError)) throw error;
      took();
      const { code, outcomeUnknown, retryable } = error;
      count(group, outcomeUnknown ? 'unknown' : code);
      if (may.includes(code) || (code === 'closed' && gone?.aborted)) throw new Fault('refused');
      const ofAFault = OF_A_FAULT.includes(code);
      this.check(ofAFault, () => `${op} fails with ${code}: ${error.message}`);
      this.check(!ofAFault || retryable !== (outcomeUnknown ?? false), () => `${op} is retryable and unknown, or neither: ${error}`);
      this.check(writes || !outcomeUnknown, () => `${op} does not write, but: ${error.message}`);
      await sleep(5 + below(45));
      throw new Fault(outcomeUnknown ? 'unknown' : 'known');
    } finally {
      clearTimeout(timer);
    }
  }
}
