//! The blocks of code in a Markdown file.

/// What the first line of a block asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Run it.
    Run,
    /// Look whether it is the language's, but do not run it.
    NoRun,
    /// Leave it alone: it is for another machine, or is no program.
    Ignore,
    /// Compare it with this file of the repository, of which it has lines one after the other.
    Quote(String),
}

/// A block between two fences.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The first word behind the fence; empty where there is none.
    pub(crate) language: String,
    pub(crate) wish: Wish,
    /// The number of its first line of code, from 1.
    pub(crate) line: usize,
    pub(crate) code: String,
}

/// Finds the fenced blocks.
///
/// # Errors
/// The place and what is wrong there: a word behind a fence that means nothing, or a block without an end.
pub(crate) fn blocks(markdown: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
        let wish = match rest.trim() {
            "" => Wish::Run,
            "no_run" => Wish::NoRun,
            "ignore" => Wish::Ignore,
            path if path.contains('/') => Wish::Quote(path.to_owned()),
            other => {
                return Err(format!(
                    "line {}: \"{other}\" is neither no_run nor ignore nor a file",
                    number + 1
                ));
            }
        };
        let mut code = String::new();
        loop {
            match lines.next() {
                None => return Err(format!("line {}: the block has no end", number + 1)),
                Some((_, end)) if end.trim() == "```" => break,
                Some((_, line)) => {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
        found.push(Block { language: language.to_owned(), wish, line: number + 2, code });
    }
    Ok(found)
}

/// Joins blocks to one text, in which each line has the number that it has in the guide.
pub(crate) fn join<'b>(blocks: impl IntoIterator<Item = &'b Block>) -> String {
    let mut text = String::new();
    let mut line = 1;
    for block in blocks {
        text.push_str(&"\n".repeat(block.line - line));
        text.push_str(&block.code);
        line = block.line + block.code.matches('\n').count();
    }
    text
}
