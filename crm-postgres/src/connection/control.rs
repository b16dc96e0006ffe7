//! Finds transaction control in a host's SQL, which would end a transaction behind the library's back.

/// Returns the word by which one of the statements would control the transaction.
///
/// It reads as PostgreSQL's lexer does where `standard_conforming_strings` is on, as it is unless somebody turned it off. What that may
/// let pass is found by the comparison after it.
pub(crate) fn transaction_control(sql: &str) -> Option<&str> {
    let mut statement = Vec::new();
    // Inside of the body of a function in SQL there are statements that are not run now.
    let mut depth = 0_u32;
    let mut after_begin = false;
    for token in (Words { sql, at: 0 }) {
        if token == ";" {
            if depth == 0 {
                statement.clear();
            }
            continue;
        }
        let is = |word: &str| token.eq_ignore_ascii_case(word);
        match statement[..] {
            [] if ["begin", "commit", "end", "rollback", "abort", "savepoint", "release"]
                .into_iter()
                .any(is) =>
            {
                return Some(token);
            }
            ["start" | "prepare"] if is("transaction") => return Some(token),
            // Not by `begin` alone, which can be the name of a column.
            ["create", ..] if (after_begin && is("atomic")) || (depth > 0 && is("case")) => depth += 1,
            ["create", ..] if is("end") => depth = depth.saturating_sub(1),
            _ => {}
        }
        after_begin = is("begin");
        // Only what a statement begins with tells what it is.
        if statement.len() < 2 {
            let known = ["start", "prepare", "create"].into_iter().find(|word| is(word));
            statement.push(known.unwrap_or(""));
        }
    }
    None
}

/// Reads the words and semicolons of SQL; whatever else there is comes as an empty word, comments and white space not at all.
struct Words<'s> {
    sql: &'s str,
    at: usize,
}

impl<'s> Iterator for Words<'s> {
    type Item = &'s str;

    fn next(&mut self) -> Option<&'s str> {
        loop {
            let rest = &self.sql[self.at..];
            let first = rest.chars().next()?;
            let (length, token) = match first {
                _ if first.is_whitespace() => (first.len_utf8(), None),
                '-' if rest.starts_with("--") => (rest.find(['\n', '\r']).unwrap_or(rest.len()), None),
                '/' if rest.starts_with("/*") => (comment(rest), None),
                ';' => (1, Some(";")),
                '\'' | '"' => (quoted(rest, first, false), Some("")),
                '$' => (dollars(rest), Some("")),
                _ if starts_word(first) => {
                    let length = rest.find(|c| !(starts_word(c) || c.is_ascii_digit() || c == '$'));
                    let (word, after) = rest.split_at(length.unwrap_or(rest.len()));
                    if word.eq_ignore_ascii_case("e") && after.starts_with('\'') {
                        (word.len() + quoted(after, '\'', true), Some(""))
                    } else {
                        (word.len(), Some(word))
                    }
                }
                _ => (first.len_utf8(), Some("")),
            };
            self.at += length;
            if token.is_some() {
                return token;
            }
        }
    }
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

/// Returns the length of a comment, in which there may be others.
fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while at < bytes.len() && depth > 0 {
        match &bytes[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

/// Returns the length of a quoted text; a doubled quote in it ends one and begins the next.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut skips = false;
    for (at, c) in text.char_indices().skip(1) {
        if skips {
            skips = false;
        } else if escapes && c == '\\' {
            skips = true;
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Returns the length of a text between dollars, or of a single dollar, as before a parameter's number.
fn dollars(text: &str) -> usize {
    let tag =
        text[1..].find(|c: char| !(starts_word(c) || c.is_ascii_digit())).map_or("", |end| &text[..end + 2]);
    let is_tag = tag.ends_with('$') && !tag[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_tag {
        return 1;
    }
    text[tag.len()..].find(tag).map_or(text.len(), |end| end + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::transaction_control;

    #[test]
    fn transaction_control_is_found_wherever_a_statement_begins() {
        for sql in [
            "commit",
            " COMMIT;",
            "rollback",
            "abort",
            "begin",
            "end",
            "start transaction read only",
            "savepoint a",
            "release a",
            "rollback to a",
            "prepare transaction 'a'",
            "select 1; commit",
            "insert into a values (';'); /* ; */ -- ;\n commit; begin",
            "/* a /* b */ ; */ commit",
            "--\rcommit",
            "select 'it''s'; commit",
            r"select E'\''; commit",
            "select $$;$$; commit",
            "select $a$ $$ ; $a$; commit",
            "select \"a;\"; commit",
            "select $1; commit",
            "select a$b; commit",
            "create function a() returns int begin atomic select 1; select case when true then 1 end; end; commit",
            ";;commit",
            "create table shifts (begin timestamptz); commit; select 1",
            "create index on shifts (begin); commit",
        ] {
            assert!(transaction_control(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn everything_else_passes() {
        for sql in [
            "",
            "select 1",
            "select 'a; commit'",
            r"select E'\'; commit'",
            "select $$a; commit$$",
            "select $a$; commit $b$ $a$",
            "-- commit\nselect 1",
            "/* ; commit */ select 1",
            "select \"; commit\"",
            "prepare a as select 1",
            "select commit from a",
            "create function a() returns int begin atomic select 1; end",
            "create function a() returns int language sql as 'begin; commit'",
            "do $$ begin perform 1; end $$",
            "set local role a; select 1; reset role",
            "select case when true then 1 end; select 2",
            "insert into a values ($1, $2)",
        ] {
            assert_eq!(transaction_control(sql), None, "{sql}");
        }
    }
}
