// Lays the npm packages out as the registry gets them: `crm-node` with lib/ alone, and for each target of package.json one with
// the addon, of which npm installs the one that fits the machine, because `crm-node` names them all as optional.
//
//   node packages.mjs ADDONS LIB OUT [--all]
//
// ADDONS has a folder for each target that was built, named as Rust names it, with what `cargo xtask package addon` puts there: the
// library, its licences and its bill of materials. A target that was not built gets its package.json alone, and with --all is an error.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Is how cargo names the library on each platform of Node's. */
export const LIBRARY = { darwin: 'libcrm_node.dylib', linux: 'libcrm_node.so' };

const here = dirname(fileURLToPath(import.meta.url));
const CPUS = { aarch64: 'arm64', x86_64: 'x64' };

/** Returns what npm and `ts/platform.ts` call one of Rust's targets. */
function platform(target) {
  const [, arch, os, abi] = /^(\w+?)-(?:unknown|apple)-(linux|darwin)(?:-(gnu|musl))?$/.exec(target) ?? [];
  if (!CPUS[arch]) throw new Error(`packages.mjs knows no name for the target ${target}`);
  return { os, cpu: CPUS[arch], libc: abi && { gnu: 'glibc', musl: 'musl' }[abi], name: [os, CPUS[arch], abi].filter(Boolean).join('-') };
}

function write(folder, description, readme) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(description, null, 2) + '\n');
  if (readme) writeFileSync(join(folder, 'README.md'), readme);
  for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(here, '..', licence), join(folder, licence));
}

/** Lays out the package of one target. */
function addon(target, described, from, out) {
  const { name, os, cpu, libc } = platform(target);
  const { version, license, engines, keywords, homepage, repository, bugs } = described;
  const file = `crm-node.${name}.node`;
  const folder = join(out, `crm-node-${name}`);
  const description = {
    name: `crm-node-${name}`,
    version,
    description: `The native half of crm-node for ${name}`,
    keywords,
    license,
    homepage,
    repository,
    bugs,
    main: file,
    files: [file, 'LICENSE-*', 'THIRD-PARTY-*', 'sbom.cdx.json'],
    os: [os],
    cpu: [cpu],
    libc: libc && [libc],
    engines,
  };
  write(folder, description, `# crm-node-${name}\n\nIs the native half of \`crm-node\` for ${name}. Install \`crm-node\`, which brings it.\n`);
  if (existsSync(from)) {
    cpSync(join(from, LIBRARY[os]), join(folder, file));
    for (const told of ['sbom.cdx.json', 'THIRD-PARTY-LICENSES.txt', 'THIRD-PARTY-RUST.html']) cpSync(join(from, told), join(folder, told));
  } else if (process.argv.includes('--all')) {
    throw new Error(`no addon for ${target}: ${from} is missing`);
  }
  return description.name;
}

/** Returns the bill of materials of `crm-node`: it contains nothing of others, and may bring one addon. */
function bill({ version, license }, names) {
  const component = (name) => ({
    type: 'library',
    'bom-ref': `pkg:npm/${name}@${version}`,
    name,
    version,
    licenses: [{ expression: license }],
    purl: `pkg:npm/${name}@${version}`,
  });
  const itself = component('crm-node');
  const optional = names.map((name) => ({ ...component(name), scope: 'optional' }));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: itself },
    components: optional,
    dependencies: [{ ref: itself.purl, dependsOn: optional.map(({ purl }) => purl) }],
  };
}

function main(addons, lib, out) {
  rmSync(out, { recursive: true, force: true });
  // What only the repository needs stays here. With `scripts`, npm would ask whoever installs whether they may run.
  const { private: _, scripts, devDependencies, napi, ...described } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const names = napi.targets.map((target) => addon(target, described, join(addons, target), out));
  const folder = join(out, 'crm-node');
  write(folder, {
    ...described,
    files: [...described.files.filter((name) => name !== '*.node'), 'sbom.cdx.json'],
    optionalDependencies: Object.fromEntries(names.sort().map((name) => [name, described.version])),
  });
  writeFileSync(join(folder, 'sbom.cdx.json'), JSON.stringify(bill(described, names), null, 1) + '\n');
  cpSync(lib, join(folder, 'lib'), { recursive: true });
  for (const name of ['index.mjs', 'index.d.mts', 'README.md']) cpSync(join(here, name), join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [addons, lib, out] = process.argv.slice(2);
  if (!out) {
    console.error('node packages.mjs ADDONS LIB OUT [--all]');
    process.exit(2);
  }
  main(addons, lib, out);
}
