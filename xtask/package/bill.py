"""Writes what a package has to tell of the crates in it: a CycloneDX bill of materials, and the licences of those that are linked.

    python xtask/package/bill.py crm-python sbom.cdx.json [TARGET FOLDER]

A TARGET says that it is of a binary, and the FOLDER gets THIRD-PARTY-LICENSES.txt and, in a file of their own, the licences of
Rust's own library. The tools for this name folders of the machine and the moment of the run, so that no two runs of
theirs agree (cargo-cyclonedx, which maturin has built in), or need a build of their own (cargo-about).
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tomllib
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
KINDS = {"crm-python": "pypi", "crm-node": "npm"}
LINE = re.compile(r"(\d+)\|(\S+) v([^| ]+)[^|]*\|(.*?)( \(\*\))?$")
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)


class Crate(NamedTuple):
    name: str
    version: str

    @property
    def purl(self) -> str:
        return f"pkg:cargo/{self.name}@{self.version}"


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


@functools.cache
def tree(package: str, target: str, edges: str) -> dict[Crate, set[Crate]]:
    """Returns the crates that the package needs, itself among them, each with those that it needs directly."""
    command = ["cargo", "tree", "--locked", "--package", package, "--edges", edges, "--target", target]
    found: dict[Crate, set[Crate]] = {}
    path: list[Crate] = []
    for line in output(*command, "--prefix", "depth", "--format", "|{p}|{l}").splitlines():
        match = LINE.match(line)
        assert match, line
        crate = Crate(match[2], match[3])
        del path[int(match[1]) :]
        found.setdefault(crate, set())
        if path:
            found[path[-1]].add(crate)
        path.append(crate)
    return found


@functools.cache
def manifests() -> dict[Crate, dict[str, Any]]:
    packages = json.loads(output("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
    return {Crate(package["name"], package["version"]): package for package in packages}


def epoch() -> int:
    """Returns the moment of the commit, which all builds of it share; 1980, the oldest that a zip knows, where there is no commit."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return int(commit.stdout) if commit.returncode == 0 else 315532800


def component(crate: Crate, manifest: dict[str, Any], checksum: str | None, scope: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": crate.purl,
        "name": crate.name,
        "version": crate.version,
        "scope": scope,
        "licenses": [{"expression": manifest["license"].replace("/", " OR ")}],
        "purl": crate.purl,
    }
    if checksum:
        told["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if manifest["repository"]:
        told["externalReferences"] = [{"type": "vcs", "url": manifest["repository"]}]
    return told


def bill(package: str, target: str | None) -> dict[str, Any]:
    """Returns the bill: the crates that are linked are required, those that only the build needs are excluded."""
    known = manifests()
    everything = tree(package, target or "all", "normal,build")
    linked = tree(package, target or "all", "normal,no-proc-macro")
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {Crate(entry["name"], entry["version"]): entry.get("checksum") for entry in locked}

    itself = next(crate for crate in everything if crate.name == package)
    purl = f"pkg:{KINDS.get(package, 'cargo')}/{package}@{itself.version}"
    components = [
        component(crate, known[crate], checksums[crate], "required" if crate in linked else "excluded")
        for crate in sorted(everything)
        if crate != itself
    ]
    if target:
        rust = output("rustc", "--version").split()[1]
        components.append({
            "type": "library",
            "bom-ref": f"pkg:generic/rust-std@{rust}",
            "name": "rust-std",
            "version": rust,
            "scope": "required",
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "purl": f"pkg:generic/rust-std@{rust}",
        })
    ref = {crate: purl if crate == itself else crate.purl for crate in everything}
    written = {
        "component": {
            "type": "library",
            "bom-ref": purl,
            "name": package,
            "version": itself.version,
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "purl": purl,
            **({"properties": [{"name": "cdx:rustc:target", "value": target}]} if target else {}),
        },
        "components": components,
        "dependencies": [
            {"ref": ref[crate], "dependsOn": sorted(ref[other] for other in others)} for crate, others in sorted(everything.items())
        ],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(written))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": written["component"],
        },
        "components": written["components"],
        "dependencies": written["dependencies"],
    }


def texts(crate: Crate, manifest: dict[str, Any]) -> list[str]:
    """Returns the licences that bind who hands the crate on: MIT's where it is offered, else all that the crate brings."""
    folder = Path(manifest["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.is_file() and LICENCE_FILE.match(file.name))
    if "MIT" in re.split(r" OR |/", manifest["license"]):
        files = [file for file in files if "MIT" in file.name.upper() or file.name.upper().startswith("NOTICE")] or files
        if not files:
            # The crate forgot its licence, so that its authors stand for the copyright.
            terms = (ROOT / "LICENSE-MIT").read_text().split("\n\n")
            return ["\n\n".join([terms[0], f"Copyright (c) {', '.join(manifest['authors'])}", *terms[2:]])]
    if not files:
        raise SystemExit(f"{crate.name} {crate.version} ({manifest['license']}) brings no licence: give bill.py its text")
    return [file.read_text(errors="replace").replace("\r\n", "\n") for file in files]


def notices(package: str, target: str) -> str:
    """Returns the licences of what is linked into a binary, each text once, after the crates that it is of."""
    known = manifests()
    of: dict[str, list[str]] = {}
    for crate in sorted(tree(package, target, "normal,no-proc-macro")):
        if known[crate]["source"]:
            for text in texts(crate, known[crate]):
                of.setdefault(text.strip(), []).append(f"{crate.name} {crate.version} ({known[crate]['license']})")
    head = f"The native half of {package} contains the crates below, and Rust's own library, whose licences stand in THIRD-PARTY-RUST.html."
    parts = ["\n".join(crates) + "\n\n" + text for text, crates in sorted(of.items(), key=lambda entry: entry[1])]
    return ("\n\n" + "=" * 80 + "\n\n").join([head, *parts]) + "\n"


def main(package: str, file: Path, target: str | None = None, licences: Path | None = None) -> None:
    file.write_text(json.dumps(bill(package, target), indent=1) + "\n")
    if target and licences:
        (licences / "THIRD-PARTY-LICENSES.txt").write_text(notices(package, target))
        rust = Path(output("rustc", "--print", "sysroot").strip()) / "share/doc/rust/COPYRIGHT-library.html"
        if not rust.exists():
            raise SystemExit(f"no {rust}, which has the licences of Rust's own library: install Rust with rustup")
        (licences / "THIRD-PARTY-RUST.html").write_bytes(rust.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:4], *map(Path, sys.argv[4:]))
