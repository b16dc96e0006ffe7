// Builds the package: lib/ with tsc, and with cargo the addon, which goes beside package.json under the name of this platform.
//
//   node build.mjs [--release]
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LIBRARY } from './packages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const release = process.argv.includes('--release');
const run = (program, ...args) => execFileSync(program, args, { cwd: here, stdio: 'inherit' });

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
rmSync(join(here, 'lib'), { recursive: true, force: true });
run(process.execPath, tsc);

const { ADDON } = createRequire(import.meta.url)('./lib/platform.js');
run('cargo', 'build', '--locked', '--package', 'crm-node', ...(release ? ['--release'] : []));
// By way of another name, because a process may have the old one loaded.
const metadata = execFileSync('cargo', ['metadata', '--format-version', '1', '--no-deps', '--locked'], { cwd: here });
const library = join(JSON.parse(metadata).target_directory, release ? 'release' : 'debug', LIBRARY[process.platform]);
copyFileSync(library, `${ADDON}.new`);
renameSync(`${ADDON}.new`, ADDON);

// npm packs no file from above the package.
for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(join(here, '..', licence), join(here, licence));
