"""Checks what is to be published.

    python xtask/package/check.py versions              one version everywhere
    python xtask/package/check.py contents OUT PROFILE  each package has what it should and nothing else
    python xtask/package/check.py same OUT OTHER        two builds gave the same bytes
    python xtask/package/check.py tag v1.2.3            the tag is this version, and CHANGELOG.md tells of it; prints what it tells
    python xtask/package/check.py workflows             the workflows are YAML, call what is there, pin what they use
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACE = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
VERSION: str = WORKSPACE["package"]["version"]
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]
THIRD_PARTY = ["THIRD-PARTY-LICENSES.txt", "THIRD-PARTY-RUST.html"]


def versions() -> Iterator[str]:
    """Yields what disagrees with the workspace's version, and how to mend it."""
    for crate in ("crm-core", "crm-postgres"):
        found = WORKSPACE["dependencies"][crate]["version"]
        if found != VERSION:
            yield f"Cargo.toml asks for {crate} {found} and is {VERSION}: write {VERSION} there too, below [workspace.dependencies]"
    for entry in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]:
        if entry["name"].startswith("crm-") and "source" not in entry and entry["version"] != VERSION:
            yield f"Cargo.lock has {entry['name']} {entry['version']}: run cargo update --workspace"
    lock = json.loads((ROOT / "crm-node/package-lock.json").read_text())
    npm = {json.loads((ROOT / "crm-node/package.json").read_text())["version"], lock["version"], lock["packages"][""]["version"]}
    if npm != {VERSION}:
        yield (
            f"crm-node/package.json and its lock say {' and '.join(sorted(npm))}, Cargo.toml says {VERSION}: "
            f"run npm version --no-git-tag-version --allow-same-version --prefix crm-node {VERSION}"
        )
    example = json.loads((ROOT / "examples/node/package-lock.json").read_text())["packages"]["../../crm-node"]["version"]
    if example != VERSION:
        yield f"examples/node/package-lock.json has crm-node {example}: run npm install --package-lock-only --prefix examples/node"
    for name in re.findall(r"crm-node-(\d[\w.-]*)\.tgz", (ROOT / "docs/getting-started-node.md").read_text()):
        if name != VERSION:
            yield f"docs/getting-started-node.md names crm-node-{name}.tgz, which is {VERSION} by now"


def sources(folder: str, *patterns: str) -> set[str]:
    """Returns the files of a folder of the repository, by their names below it."""
    base = ROOT / folder
    return {str(path.relative_to(base)) for pattern in patterns for path in base.glob(pattern) if path.is_file()}


def crate(name: str) -> set[str]:
    """Returns the files of a crate that are written by hand and published."""
    extra = {"build.rs"} | sources(name, "migrations/*.sql") if name == "crm-postgres" else set()
    return {"Cargo.toml", "README.md", *LICENCES} | sources(name, "src/**/*.rs", "src/**/*.sh", "benches/*.rs") | extra


def wheel() -> set[str]:
    info = f"crm_python-{VERSION}.dist-info"
    told = {"METADATA", "WHEEL", "RECORD", "sboms/crm-python.cdx.json"} | {f"licenses/{name}" for name in [*LICENCES, *THIRD_PARTY]}
    return sources("crm-python/python", "crm/*.py", "crm/*.pyi", "crm/py.typed") | {"crm/_crm.abi3.so"} | {f"{info}/{name}" for name in told}


def sdist() -> set[str]:
    files = {f"{name}/{file}" for name in ("crm-core", "crm-postgres", "crm-python") for file in crate(name)}
    files |= {f"python/{name}" for name in sources("crm-python/python", "crm/*.py", "crm/*.pyi", "crm/py.typed")}
    return files | {"PKG-INFO", "Cargo.lock", "Cargo.toml", "pyproject.toml", "README.md", *LICENCES}


def npm() -> set[str]:
    compiled = {f"lib/{Path(name).with_suffix(suffix)}" for name in sources("crm-node/ts", "**/*.ts") for suffix in (".js", ".d.ts")}
    return {"package.json", "README.md", "index.mjs", "index.d.mts", "sbom.cdx.json", *LICENCES} | compiled


def addon(package: str) -> set[str]:
    platform = package.removeprefix("crm-node-").removesuffix(f"-{VERSION}.tgz")
    return {"package.json", "README.md", f"crm-node.{platform}.node", "sbom.cdx.json", *LICENCES, *THIRD_PARTY}


def expected(package: str) -> set[str] | None:
    """Returns what is to be in a package, by the name of its file; `None` for one that we do not publish."""
    if match := re.fullmatch(rf"(crm-core|crm-postgres)-{re.escape(VERSION)}\.crate", package):
        return crate(match[1]) | {"Cargo.toml.orig", "Cargo.lock"}
    if re.fullmatch(rf"crm_python-{re.escape(VERSION)}-cp310-abi3-\w+\.whl", package):
        return wheel()
    if package == f"crm_python-{VERSION}.tar.gz":
        return sdist()
    if package == f"crm-node-{VERSION}.tgz":
        return npm()
    if re.fullmatch(rf"crm-node-[a-z0-9-]+-{re.escape(VERSION)}\.tgz", package):
        return addon(package)
    return None


def packages(out: Path) -> list[Path]:
    return sorted(path for path in out.iterdir() if path.suffix in {".crate", ".whl", ".gz", ".tgz"})


def files(package: Path) -> dict[str, bytes]:
    """Returns what is in a package, without the folder at its top that all but wheels have."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(package) as archive:
        members = [member for member in archive.getmembers() if not member.isdir()]
        return {member.name.split("/", 1)[1]: (archive.extractfile(member) or sys.exit(f"{member.name} is no file")).read() for member in members}


def contents(out: Path, profile: str) -> Iterator[str]:
    """Yields what is missing, what is too much, and what names this machine."""
    found = packages(out)
    kinds = {path.suffix for path in found}
    if kinds != {".crate", ".whl", ".gz", ".tgz"}:
        yield f"{out} has only {sorted(kinds)}: run cargo xtask package crates wheel sdist addon npm first"
    machine = [str(ROOT).encode(), os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")).encode()]
    for package in found:
        wanted = expected(package.name)
        if wanted is None:
            yield f"{package.name} is of another version or kind: remove it"
            continue
        inside = files(package)
        # Cargo writes it where there is a repository.
        inside.pop(".cargo_vcs_info.json", None)
        yield from (f"{package.name} lacks {name}" for name in sorted(wanted - inside.keys()))
        yield from (f"{package.name} has {name}, which nobody asked for" for name in sorted(inside.keys() - wanted))
        for name, content in inside.items():
            if name.endswith((".so", ".node")) and profile == "dev":
                continue
            yield from (f"{name} in {package.name} names {place.decode()}" for place in machine if place in content)


def same(out: Path, other: Path) -> Iterator[str]:
    """Yields the packages that differ, and the files in them."""
    names = {path.name for path in packages(out)} | {path.name for path in packages(other)}
    if not names:
        yield f"there are no packages in {out} and {other}"
    for name in sorted(names):
        pair = (out / name, other / name)
        if missing := [path for path in pair if not path.exists()]:
            yield f"{missing[0]} is missing"
        elif pair[0].read_bytes() != pair[1].read_bytes():
            first, second = (files(path) for path in pair)
            differ = sorted(file for file in first.keys() | second.keys() if first.get(file) != second.get(file))
            yield f"{name} differs: {', '.join(differ) or 'the archive itself'}"
        else:
            print(f"{hashlib.sha256(pair[0].read_bytes()).hexdigest()}  {name}")


def tag(name: str) -> Iterator[str]:
    """Yields why the tag cannot be released."""
    if name != f"v{VERSION}":
        yield f"the tag is {name}, Cargo.toml says {VERSION}: tag v{VERSION}, or set the version first (docs/releases.md)"
    if "repository" not in WORKSPACE["package"]:
        yield "Cargo.toml has no repository, which npm compares with where it was built: set it (docs/releases.md)"
    section = re.search(rf"^## \[?{re.escape(VERSION)}\]? - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", (ROOT / "CHANGELOG.md").read_text(), re.M | re.S)
    if section is None:
        yield f"CHANGELOG.md has no section '## [{VERSION}] - year-month-day': name the unreleased one so (docs/releases.md)"
    else:
        print(section[1].strip())


def workflows() -> Iterator[str]:
    """Yields what would break a workflow that nobody has run yet."""
    import yaml

    for path in sorted((ROOT / ".github").rglob("*.yml")):
        name = path.relative_to(ROOT)
        text = path.read_text()
        workflow = yaml.safe_load(text)
        for script in sorted(set(re.findall(r"(?<![\w/.])(?:tests|xtask|crm-node|crm-python|examples)/[\w/.-]*\.(?:sh|py|mjs|txt)", text))):
            if not (ROOT / script).exists():
                yield f"{name} names {script}, which is not there"
        if path.parent.name != "workflows":
            continue
        if "permissions" not in workflow:
            yield f"{name} has all permissions: begin with `permissions: contents: read`"
        for action in re.findall(r"uses: *(\S+)", text):
            if not action.startswith("./") and not re.search(r"@(v\d+(\.\d+)*|release/v\d+|[0-9a-f]{40})$", action):
                yield f"{name} uses {action}: pin a version or a commit"


def main(check: str, *arguments: str) -> None:
    checks = {"versions": versions, "contents": contents, "same": same, "tag": tag, "workflows": workflows}
    given: Iterable[str | Path] = [Path(argument) if "/" in argument else argument for argument in arguments]
    wrong = list(checks[check](*given))  # type: ignore[operator]
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
