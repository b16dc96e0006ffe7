// Calls that write: a client's own rows, and those that all share.
import { INTERACTION_TYPES, PRIORITIES, STAGES } from '../../../crm-node/index.mjs';
import {
  BULK,
  Calls,
  Fault,
  HUGE,
  RING,
  TABLES,
  acts,
  below,
  day,
  kindOf,
  maybe,
  money,
  nameOf,
  oneOf,
  onlyFaults,
  shared,
  show,
} from './calls.mjs';

/** Adds the calls that write. */
export class Rows extends Calls {
  // Rows of one's own.

  async write() {
    if (this.ring.length >= RING) return this.retire();
    const number = this.next;
    const store = this.store(acts(number));
    try {
      const [id, ids] = await this.create(store, this.nameAt(number), number);
      const updated_by = acts(number) ? this.actor : null;
      this.ring.push({ number, id, ids, version: 1, unknown: 0, updated_by });
    } catch (fault) {
      if (fault.kind !== 'unknown') throw fault;
      this.unknown.push(number);
    }
    this.next += 1;
  }

  async create(store, name, number) {
    const kind = kindOf(number);
    const customerId = oneOf(shared.anchors);
    const assignedTo = oneOf(shared.users)[0];
    const values = {
      user: { name, email: `${this.name}-${number}@example.com`, passwordHash: `$2b$10$${'.'.repeat(53)}` },
      customer: { name, email: 'contact@example.com', tags: [`Tag ${number % 20}`] },
      lead: { title: name, stage: oneOf(STAGES), value: maybe() ? money() : null, customerId, assignedTo },
      task: { title: name, priority: oneOf(PRIORITIES), dueDate: day(), customerId, assignedTo },
      interaction: { customerId, type: oneOf(INTERACTION_TYPES), notes: name },
    }[kind];
    if (values !== undefined) {
      const row = await this.call('create', 'create', (options) => store[TABLES[kind]].create(values, options), { writes: true });
      const by = acts(number) ? this.actor : null;
      const isBy = (row.createdBy ?? null) === by && (kind === 'interaction' || (row.updatedBy ?? null) === by);
      this.check(nameOf(row) === name && row.version === 1 && isBy, () => `${name} was created as ${show(row)}`);
      return [row.id, []];
    }
    if (kind === 'many') {
      const rows = Array(2 + (number % 5)).fill({ name });
      const make = (options) => store.customers.createMany(rows, options);
      const ids = await this.call('create_many', 'createMany', make, { writes: true });
      this.check(ids.length === rows.length, () => `${name} has the ids ${ids}`);
      return [ids[0], ids];
    }
    let id;
    await this.transaction(store, async (tx, within) => {
      id = (await within((options) => tx.customers.create({ name }, options))).id;
      const note = { customerId: id, type: 'note', notes: name };
      if (kind === 'bulk') {
        await within((options) => tx.interactions.createMany(Array(BULK).fill(note), options), 'create_many');
      } else {
        await within((options) => tx.leads.create({ title: name, customerId: id }, options));
        await within((options) => tx.tasks.create({ title: name, customerId: id }, options));
        await within((options) => tx.interactions.create(note, options));
      }
    });
    return [id, []];
  }

  /**
   * Runs a transaction, which may be aborted as a whole, and then is undone; of unknown outcome is only a commit. `work` gets what makes
   * the calls within.
   */
  transaction(store, work, may = []) {
    const run = (options) => {
      // An abortion is not waited for by the work, whose next call finds the transaction closed.
      const within = (make, group = 'transaction', right = []) =>
        this.call(group, 'a call in a transaction', make, { may: right, gone: options.signal });
      return store.transaction((tx) => work(tx, within), options);
    };
    return this.call('transaction', 'transaction', run, { writes: true, may, abortion: 'known' });
  }

  async retire() {
    const row = this.ring[0];
    const { number, id, ids } = row;
    const kind = kindOf(number);
    if (number % 3 !== 0) {
      const isUsers = ['lead', 'task', 'interaction'].includes(kind);
      const store = this.store((this.isAdmin || (acts(number) && isUsers)) && maybe());
      try {
        if (kind === 'many') {
          await this.transaction(store, async (tx, within) => {
            for (const one of ids) await within((options) => tx.customers.delete(one, options));
          });
        } else {
          await this.call('delete', 'delete', (options) => store[TABLES[kind]].delete(id, options), { writes: true });
        }
      } catch (fault) {
        if (fault.kind !== 'unknown') throw fault;
        this.unknown.push(number);
      }
    }
    this.ring.shift();
  }

  async update() {
    const row = oneOf(this.ring.filter(({ number }) => kindOf(number) in TABLES));
    if (row === undefined) return;
    const { number, id, version: expectedVersion } = row;
    const kind = kindOf(number);
    const isOthers = kind === 'interaction' && !acts(number) && !this.isAdmin;
    const acting = !isOthers && maybe() && (kind !== 'user' || this.isAdmin);
    const store = this.store(acting);
    if (kind === 'user') return this.changeUser(row, acting, store);
    const repository = store[TABLES[kind]];
    const text = `+1-555-${String(below(10_000)).padStart(4, '0')}`;
    const stage = oneOf(STAGES);
    const type = oneOf(INTERACTION_TYPES);
    const verb = oneOf(['start', 'complete', 'reopen']);
    if (maybe() && (kind === 'lead' || kind === 'task')) {
      const move = (options) => (kind === 'lead' ? repository.moveTo(id, stage, options) : repository[verb](id, options));
      return this.change(row, acting, true, 'update', move);
    }
    const patch = { lead: { value: money() }, task: { description: text }, interaction: { type } }[kind] ?? { phone: text };
    const expected = maybe() ? { expectedVersion } : {};
    const make = (options) => repository.update(id, patch, { ...expected, ...options });
    return this.change(row, acting, false, 'update', make, row.unknown > 0 ? ['conflict'] : []);
  }

  async change(row, acting, idempotent, group, make, may = []) {
    let found;
    try {
      found = await this.call(group, 'update', make, { writes: true, may });
    } catch (fault) {
      if (fault.kind === 'unknown') row.unknown += 1;
      throw fault;
    }
    const least = row.version + (idempotent ? 0 : 1);
    const fits = least <= found.version && found.version <= row.version + row.unknown + 1;
    this.check(fits, () => `${show(row)} was changed and is ${show(found)}: a change was lost or made twice`);
    row.version = found.version;
    if (found.updatedBy === undefined) return;
    const by = acting ? this.actor : null;
    this.check(idempotent || found.updatedBy === by, () => `${by} has changed ${show(found)}`);
    row.updated_by = found.updatedBy;
  }

  async changeUser(row, acting, { users }) {
    const { id, number } = row;
    if (below(3) > 0) {
      const verb = oneOf(['deactivate', 'reactivate']);
      return this.change(row, acting, true, 'users', (options) => users[verb](id, options));
    }
    const password = `password ${below(1e9)}`;
    try {
      await this.call('users', 'setPassword', (options) => users.setPassword(id, password, options), { writes: true });
      row.unknown += 3;
    } catch (fault) {
      if (fault.kind === 'unknown') row.unknown += 3;
      throw fault;
    }
    const options = { writes: true, may: ['invalid_credentials'] };
    const email = `${this.name}-${number}@example.com`;
    const user = await this.call('users', 'authenticate', (given) => this.crm.users.authenticate(email, password, given), options);
    this.check(user.id === id, () => `${email} is let in as ${show(user)}`);
    const own = this.crm.actingAs(id).users;
    await this.call('users', 'changePassword', (given) => own.changePassword(id, password, `${password}!`, given), options);
  }

  // What all share.

  async tag() {
    const { customers } = this.store(maybe());
    if (this.tags.length < 3) {
      const tag = `${this.name} ${this.madeTags}`;
      this.madeTags += 1;
      try {
        const add = (options) => customers.addTags(this.anchor, [tag], options);
        const customer = await this.call('tags', 'addTags', add, { writes: true });
        this.tags.push(tag);
        this.check(this.tags.every((held) => customer.tags.includes(held)), () => `one of ${this.tags} is lost`);
      } catch (fault) {
        if (fault.kind !== 'unknown') throw fault;
        this.perhaps.push(tag);
      }
      return;
    }
    const [removed] = this.tags;
    try {
      const remove = (options) => customers.removeTags(this.anchor, [removed, ...this.perhaps.slice(-5)], options);
      const customer = await this.call('tags', 'removeTags', remove, { writes: true });
      this.check(!customer.tags.includes(removed), () => `the tag ${removed} is still there`);
    } catch (fault) {
      if (fault.kind !== 'unknown') throw fault;
      this.perhaps.push(removed);
    }
    this.tags.shift();
  }

  async countUp() {
    const { leads } = this.store(maybe());
    const lead = await this.call('read', 'get', (options) => leads.get(this.counter, options));
    const value = (Number(lead.value) + 1).toFixed(2);
    const expectedVersion = lead.version;
    try {
      const step = (options) => leads.update(this.counter, { value }, { expectedVersion, ...options });
      const stepped = await this.call('update', 'update', step, { writes: true, may: ['conflict'] });
      this.counted += 1;
      this.check(stepped.value === value, () => `the counter is ${show(stepped)}, not ${value}`);
    } catch (fault) {
      if (fault.kind === 'unknown') this.perhapsCounted += 1;
      throw fault;
    }
  }

  async transact() {
    const store = this.store(maybe());
    const undoes = maybe();
    const undo = new Error('undo');
    const work = async (tx, within) => {
      if (undoes) {
        const { id } = await within((options) => tx.customers.create({ name: 'undone' }, options));
        const seen = await within((options) => tx.customers.get(id, options));
        this.check(seen.name === 'undone', () => `${show(seen)} was made in this transaction`);
        throw undo;
      }
      try {
        await this.cross(tx, within);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        // A fault or an aborted call has finished it: neither going on nor committing is right.
        await this.refuse('transaction', 'closed', (options) => tx.customers.count({}, options)).catch(onlyFaults);
        return 'failed';
      }
      if (maybe()) throw undo;
      return 'committed';
    };
    try {
      const how = await this.transaction(store, work, ['closed']);
      this.check(how === 'committed', () => 'a transaction that has failed commits');
    } catch (error) {
      if (error !== undo) throw error;
    }
  }

  /** Changes two customers that all share in a transaction that is run again where it lost. */
  async runAgain() {
    const [store, anchors] = [this.store(maybe()), [oneOf(shared.anchors), oneOf(shared.anchors)]];
    const work = async (tx) => {
      for (const anchor of anchors) await tx.customers.update(anchor, { notes: `seen by ${this.name}` });
    };
    await this.call('transaction', 'retry', (options) => store.retry(work, options), { writes: true });
  }

  async cross(tx, within) {
    for (let n = 0; n < 2; n += 1) {
      const patch = { notes: `seen by ${this.name}` };
      await within((options) => tx.customers.update(oneOf(shared.anchors), patch, options));
      // A row that is not there leaves the transaction usable.
      try {
        await within((options) => tx.customers.get(HUGE, options), 'transaction', ['not_found']);
        this.find('there is a customer of the last id');
      } catch (fault) {
        if (fault.kind !== 'refused') throw fault;
      }
    }
  }
}
