// Calls that read: a client's own rows have to be there as it left them, whoever else writes.
import { PRIORITIES, STAGES } from '../../../crm-node/index.mjs';
import { TABLES, below, day, isSorted, kindOf, maybe, nameOf, oneOf, shared, show } from './calls.mjs';
import { Rows } from './rows.mjs';

/** Adds the calls that read. */
export class Reads extends Rows {
  // Reading.

  stream(make, most) {
    return this.call('stream', 'stream', async (options) => {
      const rows = [];
      for await (const row of make(options)) {
        rows.push(row);
        if (rows.length === most) break;
      }
      return rows;
    });
  }

  async read() {
    if (below(14) > 0) {
      return this.readOf(below(13) === 0 ? 'users' : oneOf(['customers', 'leads', 'tasks', 'interactions']));
    }
    const { customers } = this.store(maybe());
    if (maybe()) {
      const rows = await this.stream((options) => customers.stream({ order: 'name' }, options), 1 + below(200));
      const isBefore = (a, b) => a.name < b.name || (a.name === b.name && a.id < b.id);
      this.check(isSorted(rows, isBefore), () => 'a stream by name is not in its order');
      return;
    }
    const ids = [];
    const limit = 1 + below(60);
    let cursor = null;
    for (let n = 0; n < 3; n += 1) {
      const at = cursor;
      const page = await this.call('list', 'list', (options) => customers.list({ order: '-id', limit, cursor: at }, options));
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    this.check(isSorted(ids, (a, b) => a > b), () => 'pages by id are not in their order');
  }

  async readOf(table) {
    const rows = this.ring.filter(({ number }) => TABLES[kindOf(number)] === table);
    if (rows.length === 0) return;
    const repository = this.store(maybe())[table];
    const { id, number } = oneOf(rows);
    const ids = rows.map((row) => row.id);
    const newest = ids.toSorted?.((a, b) => b - a) ?? [...ids].sort((a, b) => b - a);
    const text = this.nameAt(number);
    const ways = {
      get: [[id], 'read', async (options) => [await repository.get(id, options)]],
      find: [[id], 'read', async (options) => [await repository.find(id, options)]],
      getMany: [ids, 'read', (options) => repository.getMany(ids, options)],
      list: [newest, 'list', async (options) => (await repository.list({ ids }, options)).items],
      words: [[id], 'list', async (options) => (await repository.list({ ids: id, text }, options)).items],
      stream: [newest, 'stream', undefined],
      count: [[ids.length], 'list', async (options) => [{ id: await repository.count({ ids }, options) }]],
    };
    if (table === 'users') delete ways.words;
    const way = oneOf(Object.keys(ways));
    const [asked, group, make] = ways[way];
    const found =
      make === undefined
        ? await this.stream((options) => repository.stream({ ids }, options), ids.length + 1)
        : await this.call(group, way, make);
    const got = found.map((row) => row?.id);
    this.check(show(got) === show(asked), () => `${way} of ${table} has ${got} of ${asked}`);
    if (way !== 'count') for (const row of found) this.lookAt(table, row);
    if (table === 'customers' && maybe()) {
      const overview = await this.call('read', 'overview', (options) => repository.overview(id, 5, options));
      this.check(overview.customer.id === id && overview.recentInteractions.length <= 5, () => show(overview));
      this.lookAt(table, overview.customer);
    }
  }

  lookAt(table, found) {
    const row = this.ring.find(({ number, id }) => id === found?.id && TABLES[kindOf(number)] === table);
    if (row === undefined) return;
    const name = this.nameAt(row.number);
    const isRight = nameOf(found) === name && row.version <= found.version && found.version <= row.version + row.unknown;
    const isBy = found.updatedBy === undefined || row.unknown > 0 || found.updatedBy === row.updated_by;
    this.check(isRight && isBy, () => `${name} is known as ${show(row)} and is ${show(found)}`);
    row.version = found.version;
    row.updated_by = found.updatedBy ?? null;
  }

  async report() {
    const { customers, reports } = this.store(maybe());
    const limit = 1 + below(80);
    const today = day();
    const checkPipeline = (stages) => {
      const names = stages.map(({ stage }) => stage);
      const isRight = show(names) === show(STAGES) && stages[0].count >= 8 && stages.every((stage) => stage.count >= 0);
      this.check(isRight, () => `the pipeline is ${show(stages)}`);
    };
    switch (below(5)) {
      case 0: {
        const page = await this.call('reports', 'customerActivity', (options) => reports.customerActivity({ limit }, options));
        const place = ({ lastInteraction }) => lastInteraction?.getTime() ?? -Infinity;
        const isBefore = (a, b) => place(a) > place(b) || (place(a) === place(b) && a.id < b.id);
        return this.check(isSorted(page.items, isBefore), () => 'customerActivity is not in its order');
      }
      case 1:
        return checkPipeline(await this.call('reports', 'pipeline', (options) => reports.pipeline(options)));
      case 2: {
        const page = await this.call('reports', 'dueTasks', (options) => reports.dueTasks(today, { limit }, options));
        const place = (task) => [3 - PRIORITIES.indexOf(task.priority), task.dueDate, String(task.id).padStart(12, '0')].join(' ');
        return this.check(isSorted(page.items, (a, b) => place(a) < place(b)), () => 'dueTasks is not in its order');
      }
      case 3:
        return checkPipeline((await this.call('reports', 'snapshot', (options) => reports.snapshot(today, { limit }, options))).pipeline);
      default: {
        const counts = await this.call('reports', 'tagCounts', (options) => customers.tagCounts(options));
        const anchors = counts.find(({ tag }) => tag === 'anchor')?.count;
        return this.check(anchors === shared.anchors.length, () => `${anchors} customers are anchors`);
      }
    }
  }
}
