//! The table of hostile texts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crm_tests::is_turn;

const TEXTS: &[&str] = &[
    // Quotes and what would follow them.
    "'",
    "''",
    "\"",
    "$$",
    "$body$",
    "`",
    "'; drop table crm.users; --",
    "\"; drop table crm.users; --",
    "$$; drop table crm.users; $$",
    "'); delete from crm.customers; commit; --",
    "' or '1'='1",
    "' union select password from crm.users --",
    "1; set role postgres",
    "'; reset role; update crm.users set role = 'admin'; --",
    "'; select set_config('crm.actor', '1', false); --",
    "x'; select pg_sleep(60); --",
    // Comments, and ends of a COPY.
    "--",
    "-- x",
    "/* x",
    "*/",
    "/**/",
    "\\.",
    "\\N",
    // Escapes.
    "\\",
    "\\'",
    "E'\\''",
    "\\x41",
    "\\u0027",
    "U&'\\0027'",
    "%27",
    "&#39;",
    // Patterns.
    "%",
    "_",
    "%admin%",
    "a%",
    "_%_",
    "\\%",
    ".*",
    "[a-z]+",
    // Operators and syntax of full-text search.
    "a & b",
    "a | b",
    "!a",
    "a <-> b",
    "a:*",
    "'a':*",
    "a:ABCD",
    "( a",
    "''':*",
    "& | !",
    // Syntax of arrays, rows and JSON.
    "{a,b}",
    "{\"",
    "{NULL}",
    "{}",
    "[1:2]={a,b}",
    "(a,b)",
    "{\"a\": \"b\"}",
    "[null]",
    // Look-alikes and invisible characters.
    "\u{ff07}; drop table crm.users; --",
    "\u{2019} or 1=1",
    "\u{2bc}",
    "\u{ff02}",
    "\u{ff05}",
    "\u{ff3f}",
    "\u{202e}nimda",
    "a\u{200d}b",
    "a\u{200b}b",
    "a\u{ad}b",
    "\u{feff}a",
    "\u{feff}' or 1=1\u{200b}",
    "\u{202a}a\u{202c}",
    "\u{3164}",
    "a\u{fe0f}",
    "cafe\u{301}",
    "caf\u{e9}",
    "\u{301}",
    "a\u{301}\u{327}\u{316}\u{335}",
    "\u{212b}",
    "\u{ac00}\u{11a8}",
    "\u{130}I\u{131}i\u{df}\u{1e9e}",
    "\u{fb01}",
    "\u{378}",
    "\u{e000}",
    "\u{f8ff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{1f600}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\u{d55c}\u{ae00}",
    "\u{2028}",
    "a\u{2028}b",
    "\u{3000}a\u{3000}",
    // Control characters.
    "\0",
    "a\0b",
    "a\0' or 1=1",
    "\u{1f}",
    "a\u{1f}b",
    "a\u{1e}b",
    "a\u{1b}[31m",
    "a\u{7f}",
    "a\u{85}b",
    "a\u{9c}b",
    "\n",
    "a\nb",
    "a\r\nb",
    "a\rb",
    "a\tb",
    "a\u{8}b",
    // Parameters and formats.
    "$1",
    "$2::text",
    "$1$",
    "?",
    ":name",
    "%s",
    "%n%n%n",
    "%1$s",
    "%I",
    "{0}",
    "{}{:?}",
    "${jndi:ldap://x}",
    "{{7*7}}",
    // Names and values of the database.
    "crm_admin",
    "crm_user",
    "admin",
    "postgres",
    "public",
    "crm.actor",
    "role",
    "current_user",
    "current_timestamp",
    "null",
    "NULL",
    "nan",
    "NaN",
    "infinity",
    "-infinity",
    "default",
    "true",
    "0",
    "-1",
    "9223372036854775808",
    "1e400",
    "now",
    // Emails, as far as the grammar lets them be hostile.
    "o'brien@example.com",
    "'--@example.com",
    "%@example.com",
    "_@example.com",
    "{a}@example.com",
    "a|b&c!*@example.com",
    "$1@example.com",
    "`x`@example.com",
    "/*x*/@example.com",
    "null@example.com",
    "ADMIN@EXAMPLE.COM",
    "' or 1=1@example.com",
    "a\0@example.com",
    "\u{e4}'--@b\u{fc}cher.example",
    "\u{feff}a\u{200b}@example.com\u{202c}",
    "a@example.com'; --",
    "\u{ff41}@example.com",
    // Phones.
    "+1-555-0123",
    "555;--1",
    "*#06#",
    "555 0123 ext. 7",
    "(555) /* 0123 */",
    "\u{202a}+\u{ff14}\u{ff19}\u{a0}\u{2013}1\u{202c}",
    "555'; drop table crm.users; --",
    // Spaces around.
    " a ",
    "   ",
    "",
    "\u{a0}a\u{a0}",
];

/// Lists the texts that are short enough to be combined with each other.
pub(super) fn short() -> Vec<String> {
    let cursors = ["1 leads -title 7 n1.5", "1 nobody -id 7 i", "2 customers -id 7 i", "1 customers -id x i"];
    let cursors = cursors.map(|plain| URL_SAFE_NO_PAD.encode(plain));
    TEXTS.iter().map(|&text| text.to_owned()).chain(cursors).collect()
}

/// Lists all the texts that are written, the largest of 1 MB.
pub(super) fn all() -> Vec<String> {
    let long = [
        "w".repeat(255),
        "w".repeat(256),
        "'".repeat(255),
        "\u{10ffff}".repeat(255),
        "\u{10ffff}".repeat(100_000),
        "w".repeat(100_000),
        "w".repeat(100_001),
        "' ".repeat(50_000),
        "' or 1=1 ".repeat(120_000),
    ];
    short().into_iter().chain(long).collect()
}

/// Lists all the texts that are sought, the largest of 10 MB.
pub(super) fn sought() -> Vec<String> {
    all().into_iter().chain(["w".repeat(10_000_000), "' or 1=1 ".repeat(1_200_000)]).collect()
}

/// Deals texts to the three handles of a [`super::world::World`]: returns those that are the turn of one of them.
pub(super) fn dealt(texts: Vec<String>, handle: usize) -> Vec<String> {
    texts.into_iter().enumerate().filter(|(n, _)| is_turn(n + handle, 3)).map(|(_, text)| text).collect()
}

/// Shows a text, or the beginning of a long one.
pub(super) fn shown(text: &str) -> String {
    format!("{:?} of {} bytes", text.chars().take(60).collect::<String>(), text.len())
}
