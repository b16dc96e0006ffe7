//! Reads what `pg_restore` prints: statements, and the rows of tables behind a COPY.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use tokio::sync::mpsc;

/// Is a part of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Statements.
    Sql(String),
    /// The statement that begins a table's rows.
    Copy(String),
    /// Rows in COPY's text format, and how many they are.
    Rows(Vec<u8>, i64),
    /// The end of a table's rows.
    End,
}

/// Is how many bytes of rows go together at least, unless the table ends.
const CHUNK: usize = 64 * 1024;

/// Is how many parts may wait.
const WAITING: usize = 4;

/// Reads a script in a thread of its own, as far ahead as there is room; the end of the parts is the end of what was printed. Only the
/// data have rows: elsewhere a line that looks like a COPY is of somebody's function or comment.
pub(super) fn read(printed: impl Read + Send + 'static, has_rows: bool) -> mpsc::Receiver<io::Result<Part>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        let hand_on =
            |part| sender.blocking_send(Ok(part)).map_err(|_| io::Error::from(ErrorKind::BrokenPipe));
        if let Err(error) = split(BufReader::with_capacity(CHUNK, printed), has_rows, hand_on) {
            // Whoever does not listen any more knows.
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn split(
    mut printed: impl BufRead,
    has_rows: bool,
    mut hand_on: impl FnMut(Part) -> io::Result<()>,
) -> io::Result<()> {
    let (mut statements, mut head) = (Vec::new(), Head::default());
    loop {
        let start = statements.len();
        if printed.read_until(b'\n', &mut statements)? == 0 {
            return hand_on(Part::Sql(text(statements)?));
        }
        let line = &statements[start..];
        if has_rows && line.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;\n") {
            let copy = text(statements.split_off(start))?;
            hand_on(Part::Sql(text(std::mem::take(&mut statements))?))?;
            hand_on(Part::Copy(copy))?;
            rows(&mut printed, &mut hand_on)?;
        } else if head.leaves_out(line) {
            statements.truncate(start);
        }
    }
}

/// Hands a table's rows on, a line each, up to the line that ends them.
fn rows(mut printed: impl BufRead, mut hand_on: impl FnMut(Part) -> io::Result<()>) -> io::Result<()> {
    let (mut bytes, mut count) = (Vec::with_capacity(2 * CHUNK), 0);
    loop {
        let start = bytes.len();
        if printed.read_until(b'\n', &mut bytes)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let ended = &bytes[start..] == b"\\.\n";
        if ended {
            bytes.truncate(start);
        } else {
            count += 1;
        }
        if ended || bytes.len() >= CHUNK {
            let full = std::mem::replace(&mut bytes, Vec::with_capacity(2 * CHUNK));
            hand_on(Part::Rows(full, std::mem::take(&mut count)))?;
        }
        if ended {
            return hand_on(Part::End);
        }
    }
}

/// Is what stands before the first statement that makes something. What is to be left out stands there, and at the end the answer to it.
#[derive(Default)]
struct Head {
    is_over: bool,
    /// Is the line by which newer versions let `psql` do more again, with the word that they have made up.
    unrestrict: Option<Vec<u8>>,
}

impl Head {
    /// Tells the commands by which newer versions keep `psql` from what a dump may hold, and the settings that the connection has made
    /// already, of which an older server does not know all.
    fn leaves_out(&mut self, line: &[u8]) -> bool {
        if self.is_over {
            return self.unrestrict.as_deref() == Some(line);
        }
        if let Some(word) = line.strip_prefix(b"\\restrict ") {
            self.unrestrict = Some([b"\\unrestrict ", word].concat());
            return true;
        }
        let prefixes: [&[u8]; 4] = [b"--", b"\n", b"SET ", b"SELECT pg_catalog.set_config("];
        self.is_over = !prefixes.iter().any(|prefix| line.starts_with(prefix));
        line.starts_with(b"SET ") && line.ends_with(b"_timeout = 0;\n")
    }
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(script: &str) -> io::Result<Vec<Part>> {
        parts_of(script, true)
    }

    fn parts_of(script: &str, has_rows: bool) -> io::Result<Vec<Part>> {
        let mut parts = Vec::new();
        split(script.as_bytes(), has_rows, |part| {
            parts.push(part);
            Ok(())
        })?;
        Ok(parts)
    }

    fn sql(text: &str) -> Part {
        Part::Sql(text.to_owned())
    }

    #[test]
    fn rows_are_what_stands_between_a_copy_and_its_end() {
        let copy = "COPY crm.t (a) FROM stdin;\n";
        let script =
            format!("SET x = 1;\n\n{copy}COPY crm.u (a) FROM stdin;\n\\\\.\n\\.\n\nselect 1;\n{copy}\\.\n");
        let rows = b"COPY crm.u (a) FROM stdin;\n\\\\.\n".to_vec();
        let expected = [
            sql("SET x = 1;\n\n"),
            Part::Copy(copy.to_owned()),
            Part::Rows(rows, 2),
            Part::End,
            sql("\nselect 1;\n"),
            Part::Copy(copy.to_owned()),
            Part::Rows(Vec::new(), 0),
            Part::End,
            sql(""),
        ];
        assert_eq!(parts(&script).unwrap(), expected);
    }

    #[test]
    fn many_rows_come_in_parts_that_end_where_a_row_does() {
        let row = format!("{}\n", "é".repeat(1_000));
        let script = format!("COPY crm.t (a) FROM stdin;\n{}\\.\n", row.repeat(200));
        let parts = parts(&script).unwrap();
        let rows = parts.iter().filter_map(|part| match part {
            Part::Rows(bytes, count) => Some((bytes, *count)),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 3);
        assert_eq!(rows.iter().map(|(_, count)| count).sum::<i64>(), 200);
        for (bytes, count) in rows {
            assert!(bytes.len() < CHUNK + row.len());
            assert_eq!(Ok(bytes.len()), usize::try_from(count).map(|count| count * row.len()));
        }
    }

    #[test]
    fn rows_without_an_end_are_an_error() {
        assert!(parts("COPY crm.t (a) FROM stdin;\n1\n").is_err());
    }

    #[test]
    fn what_only_psql_or_a_newer_server_understands_is_left_out() {
        let script = "\\restrict abc\n\nSET statement_timeout = 0;\nSET transaction_timeout = 0;\nSET row_security = off;\nselect 1;\n\\unrestrict abc\n";
        assert_eq!(parts(script).unwrap(), [sql("\nSET row_security = off;\nselect 1;\n")]);
    }

    #[test]
    fn what_stands_in_somebodys_function_stays() {
        let body = "create function crm.f() as $$\nSET statement_timeout = 0;\n\\unrestrict x\nCOPY crm.t (a) FROM stdin;\n$$;\n";
        assert_eq!(parts_of(body, false).unwrap(), [sql(body)]);
    }
}
