// How the addon is found: by programs that copy a service's files, and by a package whose addon is missing or damaged.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';

import { nodeFileTrace } from '@vercel/nft';

const here = join(import.meta.dirname, '..');
const { ADDON, PLATFORM } = createRequire(import.meta.url)('../lib/platform.js');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'crm-addon-')));
after(() => rmSync(folder, { recursive: true }));

/** Lays a package out as npm installs it. */
function installed(name, { beside, packaged } = {}) {
  const modules = join(folder, name, 'node_modules');
  cpSync(join(here, 'lib'), join(modules, 'crm-node', 'lib'), { recursive: true });
  for (const file of ['package.json', 'index.mjs']) cpSync(join(here, file), join(modules, 'crm-node', file));
  const put = (into, content) => {
    mkdirSync(into, { recursive: true });
    if (typeof content === 'string') writeFileSync(join(into, basename(ADDON)), content);
    else cpSync(ADDON, join(into, basename(ADDON)));
  };
  if (beside !== undefined) put(join(modules, 'crm-node'), beside);
  if (packaged !== undefined) {
    const package_ = join(modules, `crm-node-${PLATFORM}`);
    put(package_, packaged);
    writeFileSync(join(package_, 'package.json'), JSON.stringify({ name: `crm-node-${PLATFORM}`, main: basename(ADDON) }));
  }
  writeFileSync(join(folder, name, 'service.mjs'), "import { connect } from 'crm-node';\nconsole.log(typeof connect);\n");
  return join(folder, name);
}

/** Runs a service and returns what it says. */
function run(service) {
  try {
    return execFileSync(process.execPath, ['service.mjs'], { cwd: service, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return error.stderr;
  }
}

for (const place of ['beside', 'packaged']) {
  test(`a tracer of files copies the addon that lies ${place}`, async () => {
    const service = installed(`traced-${place}`, { [place]: true });
    const { fileList } = await nodeFileTrace([join(service, 'service.mjs')], { base: service });
    const copy = join(folder, `copy-${place}`);
    for (const file of fileList) cpSync(join(service, file), join(copy, file), { recursive: true });
    assert.equal(run(copy), 'function\n');
  });

  test(`an addon that lies ${place} and does not load says why, and what to do`, () => {
    const said = run(installed(`damaged-${place}`, { [place]: 'no library' }));
    assert.match(said, new RegExp(`crm-node cannot load its addon .*${basename(ADDON)}: .*(too short|invalid|not a mach-o)`, 'i'));
    assert.match(said, /Install crm-node again/);
  });
}

test('a missing addon is said to be missing', () => {
  assert.match(run(installed('missing')), new RegExp(`crm-node finds no addon for ${PLATFORM}: neither .* is there`));
});
