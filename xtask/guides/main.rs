//! Runs the code of the guides and of the README as it stands: `cargo xtask guides`, or with names: `… embedding access`.
//!
//! docs/README.md says by which rules. The Python and Node packages have to be built: tests/python.sh build, tests/node.sh build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Termination};
use std::time::Instant;
use std::{env, fs};

use blocks::{Block, Wish};
use crm_postgres::Crm;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

mod blocks;

/// The guides' Rust.
mod rust {
    use std::process::ExitCode;

    /// Is a guide's name and its programs.
    type Guide = (&'static str, &'static [fn() -> ExitCode]);

    include!(concat!(env!("OUT_DIR"), "/guides.rs"));
}

/// These have figures and tables, and an index, in which there may be nothing to run.
const NO_GUIDES: [&str; 4] = ["README.md", "faults.md", "performance.md", "releases.md"];

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let first = arguments.next();
    // Rust runs in a process of its own too, where the environment is the guide's.
    if first.as_deref() == Some("--rust") {
        return run_rust(&arguments.next().unwrap_or_default());
    }
    let names: Vec<_> = first.into_iter().chain(arguments).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs tests has threads");
    match runtime.block_on(run_guides(&names)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("{failed} guides failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_rust(guide: &str) -> ExitCode {
    let units = rust::GUIDES.iter().find(|(name, _)| *name == guide).map(|(_, units)| *units);
    for unit in units.unwrap_or_default() {
        let code = unit();
        if code != ExitCode::SUCCESS {
            return code;
        }
    }
    ExitCode::SUCCESS
}

/// Runs a guide's lines.
fn run(guide: impl Future<Output = Result<()>>) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a machine that runs tests has threads");
    end(runtime.block_on(guide))
}

/// Ends a guide's program as the program itself would end.
fn end(result: impl Termination) -> ExitCode {
    result.report()
}

/// Runs the guides of these names, or all, and returns how many failed.
async fn run_guides(names: &[String]) -> Result<usize> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut guides: Vec<(PathBuf, bool)> = fs::read_dir(top.join("docs"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let must_have_code = NO_GUIDES.iter().all(|name| !path.ends_with(name));
            (path, must_have_code)
        })
        .collect();
    guides.sort();
    guides.push((top.join("README.md"), true));
    if !names.is_empty() {
        guides.retain(|(path, _)| {
            names.iter().any(|name| path.file_stem().is_some_and(|stem| stem == name.as_str()))
        });
        if guides.is_empty() {
            return Err(format!("there is no guide {}", names.join(", ")).into());
        }
    }
    let server = Crm::embedded(None).await?;
    let url = server.url().expect("an embedded server has one").replacen("crm_embedded@", "postgres@", 1);
    let mut failed = 0;
    for (path, must_have_code) in guides {
        let started = Instant::now();
        let shown = path.strip_prefix(&top)?.display().to_string();
        match run_guide(&top, &path, &url).await {
            Ok(counts) if counts.is_empty() && must_have_code => {
                failed += 1;
                eprintln!("{shown}: there is no code in it that runs");
            }
            Ok(counts) if counts.is_empty() => {}
            Ok(counts) => {
                println!("{shown}: {} ({:.1} s)", counts.join(", "), started.elapsed().as_secs_f32());
            }
            Err(error) => {
                failed += 1;
                eprintln!("{shown}: {error}");
            }
        }
    }
    server.close().await;
    Ok(failed)
}

/// Is what is run at once: a language's blocks, or one block of SQL or of the shell.
struct Program {
    language: String,
    blocks: Vec<Block>,
}

/// Runs the programs of one guide and returns, for people, how many blocks of each language ran.
async fn run_guide(top: &Path, path: &Path, server: &str) -> Result<Vec<String>> {
    let blocks = blocks::blocks(&fs::read_to_string(path)?)?;
    let quotes = compare(top, &blocks)?;
    let programs = programs(blocks)?;
    let guide = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a guide needs a plain name")?;
    let ran = |language: &str| -> usize {
        let blocks = programs.iter().filter(|program| program.language == language);
        blocks.flat_map(|program| &program.blocks).filter(|block| block.wish == Wish::Run).count()
    };
    let mut counts: Vec<_> = LANGUAGES
        .iter()
        .filter(|language| ran(language) > 0)
        .map(|language| format!("{} {language}", ran(language)))
        .collect();
    if quotes > 0 {
        counts.push(format!("{quotes} quotes"));
    }
    if programs.is_empty() {
        return Ok(counts);
    }
    let database = format!("guide_{}", guide.replace('-', "_"));
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(format!("create database {database}"))).await?;
    let place = Place {
        guide: guide.to_owned(),
        folder: env::temp_dir().join(format!("crm-{database}-{}", std::process::id())),
        url: server.replacen("/crm?", &format!("/{database}?"), 1),
        top: top.to_owned(),
    };
    fs::create_dir(&place.folder)?;
    let mut result = Ok(());
    for program in &programs {
        result = place.run(program).await;
        if result.is_err() {
            break;
        }
    }
    fs::remove_dir_all(&place.folder)?;
    result.map(|()| counts)
}

/// Compares what is quoted with the files, and returns how many quotes there are.
fn compare(top: &Path, blocks: &[Block]) -> Result<usize> {
    let mut quotes = 0;
    for block in blocks {
        if let Wish::Quote(path) = &block.wish {
            let file = fs::read_to_string(top.join(path))
                .map_err(|error| format!("line {}: {path}: {error}", block.line))?;
            if !format!("\n{file}").contains(&format!("\n{}", block.code)) {
                return Err(format!("line {}: {path} does not have these lines any more", block.line).into());
            }
            quotes += 1;
        }
    }
    Ok(quotes)
}

const LANGUAGES: [&str; 6] = ["rust", "python", "js", "ts", "sh", "sql"];

/// Is text that a reader copies or compares and nobody runs.
const TEXTS: [&str; 5] = ["text", "toml", "json", "yaml", "ini"];

/// Sorts the blocks into programs, each at the place of its first block.
fn programs(blocks: Vec<Block>) -> Result<Vec<Program>> {
    let mut programs: Vec<Program> = Vec::new();
    for block in blocks {
        let language = match block.language.as_str() {
            "mjs" | "javascript" => "js",
            "typescript" => "ts",
            "bash" => "sh",
            language => language,
        };
        if matches!(block.wish, Wish::Ignore | Wish::Quote(_)) || TEXTS.contains(&language) {
            continue;
        }
        if !LANGUAGES.contains(&language) {
            let known = LANGUAGES.join(", ");
            return Err(format!("line {}: \"{language}\" is none of {known}, text", block.line - 1).into());
        }
        let language = language.to_owned();
        let goes_on = !["sh", "sql"].contains(&language.as_str());
        match programs.iter_mut().find(|program| goes_on && program.language == language) {
            Some(program) => program.blocks.push(block),
            None => programs.push(Program { language, blocks: vec![block] }),
        }
    }
    Ok(programs)
}

/// Is where a guide's programs run.
struct Place {
    guide: String,
    folder: PathBuf,
    url: String,
    top: PathBuf,
}

impl Place {
    async fn run(&self, program: &Program) -> Result<()> {
        let (run, looked_at): (Vec<_>, Vec<_>) =
            program.blocks.iter().partition(|block| block.wish == Wish::Run);
        match program.language.as_str() {
            // What is not to run was compiled.
            "rust" if run.is_empty() => Ok(()),
            "rust" => self.succeed(Command::new(env::current_exe()?).args(["--rust", &self.guide]), ""),
            "python" => {
                for block in looked_at {
                    self.program("python", "py", &["-m", "py_compile"], [block])?;
                }
                self.program("python", "py", &[], run)
            }
            "js" => {
                for block in looked_at {
                    self.program("node", "mjs", &["--check"], [block])?;
                }
                self.program("node", "mjs", &[], run)
            }
            "ts" => self.typescript(&program.blocks, run),
            "sh" if run.is_empty() => self.program("bash", "sh", &["-n"], looked_at),
            "sh" => self.program("bash", "sh", &["-e"], run),
            _ => {
                let mut connection = PgConnection::connect(&self.url).await?;
                for block in run {
                    let done =
                        sqlx::raw_sql(AssertSqlSafe(block.code.clone())).execute(&mut connection).await;
                    done.map_err(|error| format!("line {}: {error}", block.line))?;
                }
                Ok(())
            }
        }
    }

    /// Has an interpreter run blocks as one file, if there are any.
    fn program<'b>(
        &self,
        interpreter: &str,
        extension: &str,
        options: &[&str],
        blocks: impl IntoIterator<Item = &'b Block>,
    ) -> Result<()> {
        let text = blocks::join(blocks);
        if text.is_empty() {
            return Ok(());
        }
        let file = format!("{}.{extension}", self.guide);
        fs::write(self.folder.join(&file), text)?;
        self.succeed(Command::new(interpreter).args(options).arg(&file), interpreter)
    }

    /// Checks all blocks, those too that are not to run, with the compiler of the Node package, and runs what it makes.
    fn typescript(&self, blocks: &[Block], run: Vec<&Block>) -> Result<()> {
        let compiler = self.top.join("crm-node/node_modules/.bin/tsc");
        let types = self.top.join("crm-node/node_modules/@types");
        let all: Vec<_> = blocks.iter().collect();
        for blocks in if run.len() == all.len() { vec![run] } else { vec![all, run] } {
            let file = format!("{}.mts", self.guide);
            fs::write(self.folder.join(&file), blocks::join(blocks))?;
            let mut command = Command::new(&compiler);
            command.args([
                "--strict",
                "--module",
                "node16",
                "--target",
                "es2022",
                "--types",
                "node",
                "--typeRoots",
            ]);
            self.succeed(command.arg(&types).arg(&file), "tsc")?;
        }
        self.succeed(Command::new("node").arg(format!("{}.mjs", self.guide)), "node")
    }

    /// Runs a command in the guide's folder, with both packages within reach, and shows what it said if it fails.
    fn succeed(&self, command: &mut Command, what: &str) -> Result<()> {
        let packages = self.folder.join("node_modules");
        if !packages.exists() {
            std::os::unix::fs::symlink(self.top.join("examples/node/node_modules"), packages)?;
        }
        let venv = self.top.join("target/python/venv/bin");
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([venv].into_iter().chain(env::split_paths(&path)))?;
        // A program is looked for on the path of the command, not on ours.
        let output = command
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CRM_DATABASE_URL", &self.url)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .map_err(|error| format!("{what} cannot be started: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Err(format!("{}\n{}", output.status, said.trim_end()).into())
    }
}
