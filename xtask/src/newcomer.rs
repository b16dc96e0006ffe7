//! A newcomer's first ten minutes: the README, a guide, an empty folder and nothing else.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::blocks::blocks;
use crate::files::{Scratch, make_folder, read, write};
use crate::process::{command, output, root, run as run_command};

/// What the README's lines print at their end in Python and Node.
const LAST_LINE: &str = "Big deal: 50000.00";

/// Follows the guides of these languages, or of all.
///
/// # Errors
/// Names the command that failed.
pub(crate) fn run(languages: &[&str]) -> Result<(), String> {
    let languages = if languages.is_empty() { &["rust", "python", "node"] } else { languages };
    for language in languages {
        let trial = Trial::new(language)?;
        match *language {
            "rust" => trial.rust(),
            "python" => trial.python(),
            "node" => trial.node(),
            other => Err(format!("{other} is none of rust, python, node")),
        }?;
        trial.say("passed");
    }
    Ok(())
}

/// An empty folder with a clone of the last commit in `crm`.
#[derive(Debug)]
struct Trial {
    language: String,
    folder: Scratch,
}

impl Trial {
    fn new(language: &str) -> Result<Self, String> {
        let folder = Scratch::new(&format!("newcomer-{language}"))?;
        let clone = folder.path().join("crm");
        run_command(command("git").args(["clone", "--quiet"]).arg(root()).arg(clone))?;
        Ok(Self { language: language.to_owned(), folder })
    }

    fn rust(&self) -> Result<(), String> {
        let guide = self.guide()?;
        let shell = guide.of("sh")?;
        let clone = self.path("crm");
        // The guide writes … for the folder that the clone is in.
        let shell = |number: usize| guide.replaced(&shell, number, "…", &clone);

        self.say("the README's first command");
        run_command(self.command("cargo", "crm").args(["xtask", "quickstart"]).stdout(Stdio::null()))?;

        self.say("a project of one's own, as the guide says");
        self.bash(".", &shell(0)?)?;
        let manifest = self.path("hello/Cargo.toml");
        write(&manifest, &(read(&manifest)? + &guide.of("toml")?.concat()))?;
        let rust = guide.of("rust")?;
        write(&self.path("hello/src/main.rs"), &rust[0])?;
        let printed = output(self.command("cargo", "hello").args(["run", "--quiet"]))?;
        if !printed.lines().any(|line| line.starts_with("qualified ") && line.contains(" 50000")) {
            return Err(format!("the pipeline has no deal of 50000:\n{printed}"));
        }

        self.say("the rest of the guide, over a database of its own");
        self.bash("hello", &shell(1)?)?;
        make_folder(&self.path("hello/src/bin"))?;
        write(&self.path("hello/src/bin/guide.rs"), &in_one_main(&rust.concat()))?;
        write(&self.path("hello/src/bin/with_database.rs"), include_str!("../newcomer/with_database.rs"))?;
        run_command(self.command("cargo", "hello").args(["build", "--quiet"]))?;
        let built = target().join("debug");
        run_command(self.command(built.join("with_database"), "hello").arg(built.join("guide")))
    }

    fn python(&self) -> Result<(), String> {
        let guide = self.guide()?;
        let shell = guide.of("sh")?;
        run_command(self.command("python3", ".").args(["-m", "venv", "env"]))?;
        self.say("install, as the guide says");
        self.bash("crm", &shell[0])?;

        self.say("the README's lines");
        make_folder(&self.path("app"))?;
        write(&self.path("app/quickstart.py"), &self.document("README.md")?.of("python")?.concat())?;
        self.ends_well(self.command("python", "app").arg("quickstart.py"))?;

        self.say("the guide, over a database of its own");
        write(&self.path("app/guide.py"), &guide.of("python")?.concat())?;
        write(
            &self.path("app/terminal.sh"),
            shell.get(1).ok_or("the guide has one block of the shell only")?,
        )?;
        write(&self.path("app/with_database.py"), include_str!("../newcomer/with_database.py"))?;
        let with_database =
            |words: &[&str]| run_command(self.command("python", "app").arg("with_database.py").args(words));
        with_database(&["python", "guide.py"])?;
        with_database(&["bash", "-e", "terminal.sh"])
    }

    fn node(&self) -> Result<(), String> {
        let guide = self.guide()?;
        let shell = guide.of("sh")?;
        self.say("make the package, as the guide says");
        self.bash("crm", &shell[0])?;

        make_folder(&self.path("app"))?;
        output(self.command("npm", "app").args(["init", "--yes", "--silent"]))?;
        self.bash("app", shell.get(1).ok_or("the guide has one block of the shell only")?)?;
        self.say("the README's lines");
        write(&self.path("app/quickstart.mjs"), &self.document("README.md")?.of("js")?.concat())?;
        self.ends_well(self.command("node", "app").arg("quickstart.mjs"))?;

        self.say("the guide, over a database of its own");
        write(&self.path("app/guide.mjs"), &guide.of("js")?.concat())?;
        write(&self.path("app/with_database.mjs"), include_str!("../newcomer/with_database.mjs"))?;
        run_command(self.command("node", "app").args(["with_database.mjs", "node", "guide.mjs"]))
    }

    /// Prepares a program in a folder of the trial. The virtual environment comes first on its `PATH`, if there is one.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
        let mut command = command(program);
        command.current_dir(self.path(folder));
        // Only so that a second run does not build everything again.
        command.env("CARGO_TARGET_DIR", target());
        let bin = self.path("env/bin");
        if bin.is_dir() {
            let path = env::var_os("PATH").unwrap_or_default();
            let dirs = [bin].into_iter().chain(env::split_paths(&path));
            command.env("PATH", env::join_paths(dirs).unwrap_or(path)).env("VIRTUAL_ENV", self.path("env"));
        }
        command
    }

    fn bash(&self, folder: &str, code: &str) -> Result<(), String> {
        run_command(self.command("bash", folder).args(["-e", "-c", code]))
    }

    /// Runs a quickstart and looks at what it prints.
    fn ends_well(&self, quickstart: &mut Command) -> Result<(), String> {
        let printed = output(quickstart)?;
        if printed.contains(LAST_LINE) {
            return Ok(());
        }
        Err(format!("{}: the README's lines did not print {LAST_LINE:?}:\n{printed}", self.language))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn guide(&self) -> Result<Document, String> {
        self.document(&format!("docs/getting-started-{}.md", self.language))
    }

    fn document(&self, name: &str) -> Result<Document, String> {
        Ok(Document { name: name.to_owned(), text: read(&self.path("crm").join(name))? })
    }

    /// Shows a step of the trial as it begins.
    fn say(&self, what: &str) {
        println!("{}: {what}", self.language);
    }
}

/// The README or a guide.
#[derive(Debug)]
struct Document {
    name: String,
    text: String,
}

impl Document {
    /// Returns the blocks of a language, of which there is at least one.
    fn of(&self, language: &str) -> Result<Vec<String>, String> {
        let blocks = blocks(&self.text).map_err(|error| format!("{}: {error}", self.name))?;
        let found: Vec<_> = blocks.into_iter().filter(|block| block.language == language).collect();
        if found.is_empty() {
            return Err(format!("{} has no block of {language}", self.name));
        }
        Ok(found.into_iter().map(|block| block.code).collect())
    }

    /// Returns a block of several, with a folder in the place of what stands for it.
    fn replaced(
        &self,
        blocks: &[String],
        number: usize,
        what: &str,
        folder: &Path,
    ) -> Result<String, String> {
        let block = blocks.get(number);
        let block = block.ok_or_else(|| format!("{} has fewer than {} blocks", self.name, number + 1))?;
        Ok(block.replace(what, &folder.display().to_string()))
    }
}

/// Returns where the trials build.
fn target() -> PathBuf {
    root().join("target/newcomer")
}

/// Puts a guide's lines into one `main`, without those of the program that it begins with.
fn in_one_main(guide: &str) -> String {
    let mut lines = String::new();
    let mut in_program = false;
    for line in guide.lines() {
        in_program |= line.starts_with("#[tokio::main]");
        if !in_program && !line.starts_with("use crm_postgres::{Result, prelude") {
            lines.push_str(line);
            lines.push('\n');
        }
        in_program &= !line.starts_with('}');
    }
    let head = "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {";
    format!("{head}\n{lines}Ok(())\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_guide_lose_their_program() {
        let guide = "use a;\n#[tokio::main]\nasync fn main() {\n    b();\n}\nc();\n";
        let program = in_one_main(guide);
        assert!(program.ends_with("{\nuse a;\nc();\nOk(())\n}\n"), "{program}");
    }
}
