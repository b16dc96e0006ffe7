// The soak's clients in JavaScript: eight loops over one handle. main.rs starts this with the URL and what all clients share. They do what
// `clients/` does in Rust, and keep the same ledgers (`ledger.rs`). "stop" on the input ends them.
import { createInterface } from 'node:readline';

import { connect } from '../../../crm-node/index.mjs';
import { HUGE, below, oneOf, shared, show, tally } from './calls.mjs';
import { Reads } from './reads.mjs';

class Client extends Reads {
  turn() {
    const at = below(100);
    if (at < 30) return this.write();
    if (at < 48) return this.update();
    if (at < 53) return this.tag();
    if (at < 59) return this.countUp();
    if (at < 80) return this.read();
    if (at < 87) return this.report();
    if (at < 91) return this.transact();
    if (at < 93) return this.runAgain();
    if (at < 97) return this.beRefused();
    return this.logIn();
  }

  async logIn() {
    const n = below(shared.users.length);
    const email = `ACTOR${n}@example.com`;
    const found = await this.call('read', 'findByEmail', (options) => this.crm.users.findByEmail(email, options));
    this.check(found?.id === shared.users[n][0], () => `${email} is ${show(found)}`);
    const wrong = (options) => this.crm.users.authenticate('nobody@example.com', 'wrong', options);
    await this.refuse('users', 'invalid_credentials', wrong);
  }

  beRefused() {
    const { customers, interactions, leads } = this.store(true);
    const stale = (options) => leads.update(this.counter, { description: 'stale' }, { expectedVersion: 0, ...options });
    const cases = [
      ['not_found', (options) => leads.delete(HUGE, options)],
      ['missing_reference', (options) => interactions.create({ customerId: HUGE, type: 'call' }, options)],
      ['validation', (options) => leads.list({ limit: 1_001 }, options)],
      ['validation', (options) => customers.create({ name: ' ', fax: 'unknown' }, options)],
      ['conflict', stale],
    ];
    if (!this.isAdmin) cases.push(['permission_denied', (options) => customers.delete(this.anchor, options)]);
    return this.refuse('refused', ...oneOf(cases));
  }

  async refuse(group, code, make) {
    await this.call(group, 'a call to refuse', make, { writes: true, may: [code] });
    this.find(`a call that must be refused with ${code} is not`);
  }
}

const crm = await connect(process.argv[2], {
  maxConnections: shared.connections,
  acquireTimeout: shared.acquire * 1000,
  callTimeout: shared.call * 1000,
  applicationName: 'soak node',
});
const clients = shared.anchors.map((_, n) => new Client(n, crm));
const input = createInterface({ input: process.stdin });
let stopping = false;
const ended = new Promise((resolve) => input.once('close', resolve));
for (const event of ['line', 'close']) input.once(event, () => (stopping = true));
console.log('ready');
await Promise.all(clients.map((client) => client.run(() => stopping)));
console.log(show({ ledgers: clients.map((client) => client.ledger()), ...tally }));
await ended;
await crm.close();
