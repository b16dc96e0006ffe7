// Runs a command with a database of its own.
import { spawnSync } from 'node:child_process';
import { embedded } from 'crm-node';

const crm = await embedded();
const [program, ...args] = process.argv.slice(2);
process.exitCode = spawnSync(program, args, { stdio: 'inherit', env: { ...process.env, CRM_DATABASE_URL: crm.url } }).status ?? 1;
await crm.close();
