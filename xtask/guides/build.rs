//! Makes a program of each guide's Rust, whose lines have the guide's numbers.

use std::path::{Path, PathBuf};
use std::{env, fs};

use blocks::{Block, Wish};

mod blocks;

fn main() {
    let top = Path::new("../..");
    println!("cargo::rerun-if-changed=../../docs");
    println!("cargo::rerun-if-changed=../../README.md");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut guides: Vec<_> = fs::read_dir(top.join("docs"))
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    guides.sort();
    guides.push(top.join("README.md"));

    let mut modules = String::new();
    let mut table = String::new();
    for path in guides {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("guides have plain names");
        let place = if path.starts_with(top.join("docs")) { name } else { "README" };
        // docs/README.md is an index.
        if name == "README" && path.starts_with(top.join("docs")) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a guide can be read");
        // The runner complains about what is wrong with a block.
        let mut blocks = blocks::blocks(&text).unwrap_or_default();
        blocks.retain(|block| block.language == "rust" && matches!(block.wish, Wish::Run | Wish::NoRun));
        if blocks.is_empty() {
            continue;
        }
        let mut units = String::new();
        let (programs, lines): (Vec<Block>, Vec<Block>) =
            blocks.into_iter().partition(|block| block.code.contains("fn main("));
        if !lines.is_empty() {
            let module = module(place, 0);
            write(&out, &module, &function(&lines));
            modules += &include(&module, "crate::run(guide())");
            units.extend([&module, "::unit, "]);
        }
        for program in programs {
            let module = module(place, program.line);
            write(&out, &module, &blocks::join([&program]));
            modules += &include(&module, "crate::end(main())");
            if program.wish == Wish::Run {
                units.extend([&module, "::unit, "]);
            }
        }
        table.extend(["    (\"", place, "\", &[", &units, "]),\n"]);
    }
    let table = format!("pub const GUIDES: &[Guide] = &[\n{table}];\n{modules}");
    fs::write(out.join("guides.rs"), table).expect("cargo's folder takes files");
}

fn module(guide: &str, line: usize) -> String {
    format!("{}_{line}", guide.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
}

/// Declares a module with a guide's text and a function that runs it; only inside is a program's `main` to be seen.
fn include(module: &str, call: &str) -> String {
    let text = format!("include!(concat!(env!(\"OUT_DIR\"), \"/{module}.rs\"));");
    format!("mod {module} {{\n    {text}\n    pub fn unit() -> std::process::ExitCode {{ {call} }}\n}}\n")
}

fn write(out: &Path, module: &str, text: &str) {
    fs::write(out.join(format!("{module}.rs")), text).expect("cargo's folder takes files");
}

/// Puts lines into a function. What is not to run stands in a branch that is not taken.
fn function(blocks: &[Block]) -> String {
    let blocks: Vec<_> = blocks
        .iter()
        .map(|block| {
            assert!(
                !block.code.contains("test]"),
                "line {}: a test inside a function never runs: write plain lines",
                block.line
            );
            match block.wish {
                Wish::NoRun => Block { code: format!("if false {{ {} }}\n", block.code), ..block.clone() },
                _ => block.clone(),
            }
        })
        .collect();
    let header = "pub async fn guide() -> ::std::result::Result<(), Box<dyn ::std::error::Error>> {";
    format!("{header} {} Ok(()) }}\n", blocks::join(&blocks))
}
