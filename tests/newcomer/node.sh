#!/usr/bin/env bash
# A newcomer's first ten minutes in Node.js: the README and docs/getting-started-node.md, an empty folder and nothing else.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
guide=$empty/crm/docs/getting-started-node.md

say "make the package, as the guide says"
(cd crm && bash -e <(blocks "$guide" sh 1))

mkdir app
cd app
npm init --yes --silent >/dev/null
bash -e <(blocks "$guide" sh 2)
say "the README's lines"
blocks ../crm/README.md js >quickstart.mjs
node quickstart.mjs | grep -q 'Big deal: 50000.00'

say "the guide, over a database of its own"
blocks "$guide" js >guide.mjs
cat >with_database.mjs <<'JS'
import { spawnSync } from 'node:child_process';
import { embedded } from 'crm-node';

const crm = await embedded();
const [program, ...args] = process.argv.slice(2);
process.exitCode = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, CRM_DATABASE_URL: crm.url } }).status ?? 1;
await crm.close();
JS
node with_database.mjs node guide.mjs
say "passed"
