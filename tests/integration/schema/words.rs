//! Rust and SQL fold and split a text by one rule.

use crm_core::{
    InteractionType, MAX_PROSE, MAX_WORD, NewCustomer, NewInteraction, Repositories as _, fold, words,
};
use crm_tests::{Database, amount};
use sqlx::PgConnection;

use crate::seed::valid;

/// Limits what a tsvector takes as one word, in bytes; only longer texts are searched for words to cut.
const LEXEME: usize = 2046;

/// Is a generator of numbers that is the same on every machine (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Takes a character of the ranges, each range as likely as another.
    fn char(&mut self, ranges: &[(u32, u32)]) -> char {
        let (first, last) = ranges[self.below(ranges.len())];
        let code = first + u32::try_from(self.below((last - first + 1) as usize)).unwrap();
        char::from_u32(code).expect("the ranges hold characters only")
    }

    fn text(&mut self, length: usize, ranges: &[(u32, u32)]) -> String {
        (0..length).map(|_| self.char(ranges)).collect()
    }
}

const SCRIPTS: [&[(u32, u32)]; 11] = [
    &[(0x01, 0x7f)],
    &[(0x20, 0x20), (0x41, 0x5a), (0x61, 0x7a), (0xa0, 0x24f), (0x1e00, 0x1eff)],
    &[(0x20, 0x20), (0x370, 0x377), (0x384, 0x38a), (0x38e, 0x3a1), (0x3a3, 0x3ff), (0x1f00, 0x1fff)],
    &[(0x20, 0x20), (0x400, 0x52f), (0x531, 0x556), (0x561, 0x587)],
    &[(0x20, 0x20), (0x3000, 0x30ff), (0x4e00, 0x9fff), (0xff00, 0xffef), (0x2_0000, 0x2_a6df)],
    // Scripts without spaces, with Latin letters and punctuation between them.
    &[(0x0e00, 0x0eff), (0x1000, 0x109f), (0x1780, 0x17ff), (0x61, 0x63), (0x200b, 0x200d)],
    &[
        (0x3000, 0x30ff),
        (0x31f0, 0x31ff),
        (0xa9e0, 0xa9ff),
        (0xfb00, 0xfb06),
        (0xff61, 0xffee),
        (0x2_fff0, 0x3_000f),
    ],
    // Combining marks on Latin letters, as a text has them that was never normalised.
    &[(0x41, 0x5a), (0x300, 0x36f), (0x1ab0, 0x1aff), (0x20d0, 0x20ff)],
    // Spaces, punctuation and symbols, and letters between them.
    &[(0x61, 0x63), (0x80, 0xbf), (0x2000, 0x206f), (0x20a0, 0x20cf), (0x2190, 0x2bff), (0xfe50, 0xfe6f)],
    // Emoji, joiners and scripts without case.
    &[(0x61, 0x63), (0x1_f300, 0x1_faff), (0x200b, 0x200f), (0x590, 0x6ff), (0x900, 0x97f), (0xe00, 0xe7f)],
    &[(0x01, 0xd7ff), (0xe000, 0xffff), (0x1_0000, 0x10_ffff)],
];

/// Returns the words in order, each once and cut to [`MAX_WORD`] characters: from a text of more than [`LEXEME`] bytes
/// the database keeps only these, and a search looks at no more of a word.
fn distinct(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let cut = |word: String| match word.char_indices().nth(MAX_WORD) {
        Some((end, _)) => word[..end].to_owned(),
        None => word,
    };
    let mut words: Vec<String> = words.into_iter().map(cut).collect();
    words.sort_unstable();
    words.dedup();
    words
}

async fn assert_same(connection: &mut PgConnection, texts: &[String]) {
    let rows: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select crm.fold(t), tsvector_to_array(crm.words(t))
         from unnest($1::text[]) with ordinality as texts (t, n) order by n",
    )
    .bind(texts)
    .fetch_all(connection)
    .await
    .unwrap();
    assert_eq!(rows.len(), texts.len());
    for ((folded, found), text) in rows.into_iter().zip(texts) {
        let start: String = text.chars().take(300).collect();
        assert!(folded == fold(text), "{start:?} is folded differently");
        let (found, expected) = (distinct(found), distinct(words(text)));
        let differs = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(found == expected, "{start:?} is split differently: {differs:?}");
    }
}

#[tokio::test]
async fn every_code_point_is_folded_and_split_alike() {
    let db = Database::fresh().await;
    let mut connection = db.connection().await;
    let characters: Vec<char> = ('\u{1}'..=char::MAX).collect();
    // Each character stands between two letters behind its own number, and by itself.
    let word = |c: &char| format!("{:x}q{c}q {c} ", u32::from(*c));
    let texts: Vec<String> = characters.chunks(100).map(|chunk| chunk.iter().map(word).collect()).collect();
    for texts in texts.chunks(500) {
        assert_same(&mut connection, texts).await;
    }
}

#[tokio::test]
async fn random_texts_of_all_scripts_are_folded_and_split_alike() {
    let db = Database::fresh().await;
    let mut connection = db.connection().await;
    let mut dice = Dice(20_261_122);
    for script in SCRIPTS {
        let mut texts: Vec<String> =
            (0..400).step_by(amount(3, 1)).map(|length| dice.text(length, script)).collect();
        // Around the length from which words are cut.
        texts.extend((0..20).map(|more| dice.text(LEXEME - 10 + more, script)));
        assert_same(&mut connection, &texts).await;
    }
    let everything: Vec<(u32, u32)> = SCRIPTS.concat();
    let texts: Vec<String> = (0..1_000).map(|length| dice.text(length % 200, &everything)).collect();
    assert_same(&mut connection, &texts).await;
}

#[tokio::test]
async fn words_at_the_limits_of_a_lexeme_are_cut_alike() {
    let db = Database::fresh().await;
    let mut texts = vec![String::new(), " ".to_owned(), "\u{3000}".repeat(3_000)];
    for letter in ["a", "\u{c4}", "\u{6771}", "\u{1d400}"] {
        let most = LEXEME / letter.len();
        for length in [1, MAX_WORD, MAX_WORD + 1, most - 1, most, most + 1, 10_000, MAX_PROSE] {
            let word = letter.repeat(length);
            texts.extend([
                format!(" {word}"),
                format!("{word} "),
                format!("B {word}\n{}, C", word.len()),
                word,
            ]);
        }
    }
    assert_same(&mut db.connection().await, &texts).await;
}

#[tokio::test]
async fn texts_of_100_000_characters_are_folded_and_split_alike() {
    let db = Database::fresh().await;
    let mut connection = db.connection().await;
    let mut dice = Dice(7);
    for script in SCRIPTS {
        assert_same(&mut connection, &[dice.text(MAX_PROSE, script)]).await;
    }
    // As many words as there can be, in characters of four bytes.
    let words: Vec<_> = (0..MAX_PROSE / 3).map(|_| dice.text(2, &[(0x2_0000, 0x2_a6df)])).collect();
    assert_same(&mut connection, &[words.join(" ")]).await;
    // As many pairs as there can be.
    assert_same(&mut connection, &[dice.text(MAX_PROSE, &[(0x2_0000, 0x2_a6df)])]).await;
}

#[tokio::test]
async fn a_word_of_the_longest_text_is_found_and_what_is_longer_is_not_refused() {
    let db = Database::fresh().await;
    let mut dice = Dice(8);
    let acme = db.crm.customers().create(valid(NewCustomer::new("Acme"))).await.unwrap().id;
    let before: Vec<String> = (0..MAX_PROSE / 2).map(|_| dice.text(2, SCRIPTS[4])).collect();
    let last = "\u{17d}elva";
    let notes: String =
        before.join(" ").chars().take(MAX_PROSE - 6).chain([' ']).chain(last.chars()).collect();
    assert_eq!(notes.chars().count(), MAX_PROSE);
    let call = NewInteraction { notes: Some(notes), ..NewInteraction::new(acme, InteractionType::Call) };
    let call = db.crm.interactions().create(valid(call)).await.unwrap();
    let filter = crm_core::InteractionFilter {
        text: Some("\u{17e}ELV".parse().unwrap()),
        ..crm_core::InteractionFilter::default()
    };
    assert_eq!(db.crm.interactions().list(&filtered(&filter)).await.unwrap().items, [call]);

    db.execute(
        "insert into crm.interactions (customer_id, type, notes)
         values (1, 'note', 'zebra ' || repeat('x', 3000000) || ' yak')",
    )
    .await;
    // Characters of four bytes that make more pairs than a tsvector takes.
    db.execute(
        "insert into crm.interactions (customer_id, type, notes)
         select 1, 'note', string_agg(chr(131072 + n % 40000 * 7919 % 40000) || chr(131072 + n % 40000), '' order by n)
         from generate_series(1, 300000) n",
    )
    .await;
    for (text, expected) in [("zebra", 1), ("yak", 0), ("\u{21eef}\u{20001}\u{23dde}\u{20002}", 1)] {
        let filter = crm_core::InteractionFilter { text: Some(text.parse().unwrap()), ..filter.clone() };
        assert_eq!(db.crm.interactions().count(&filter).await.unwrap(), expected, "{text}");
    }
}

fn filtered(filter: &crm_core::InteractionFilter) -> crm_core::List<crm_core::Interaction> {
    crm_core::List::new().filter(filter.clone())
}

#[tokio::test]
async fn the_rule_is_the_same_under_every_collation() {
    let db = Database::fresh().await;
    // Turkish, Azeri and Lithuanian lower-case ASCII letters in ways of their own.
    let collations = super::catalogue::texts(
        &db,
        "select quote_ident(collname) from pg_collation
         where collnamespace = 'pg_catalog'::regnamespace and (collencoding = -1 or collencoding = 6)
           and (collname in ('C', 'POSIX', 'default', 'ucs_basic', 'C.utf8') or collname ~ '^(tr|az|lt|de|en)(_|-x)')",
    )
    .await;
    assert!(collations.len() >= 3);
    let text = "ISTANBUL I\u{307}\u{cc} \u{130}\u{131} Stra\u{df}e \u{1e9e} \u{39f}\u{3a3}";
    let mut connection = db.connection().await;
    for collation in collations {
        let statement = format!(
            "select crm.fold($1 collate {collation}), tsvector_to_array(crm.words($1 collate {collation}))"
        );
        let (folded, found): (String, Vec<String>) = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(text)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!((folded, distinct(found)), (fold(text), distinct(words(text))), "{collation}");
    }
}

#[tokio::test]
async fn the_rule_does_not_depend_on_how_the_session_reads_backslashes() {
    let db = Database::fresh().await;
    let long = "x".repeat(LEXEME);
    let texts = [format!("o'neil [a]\\1 {long}"), format!("e\u{301}b \u{6771}\u{4eac} {long}\u{e9}")];
    for setting in ["off", "on"] {
        let mut connection = db.connection().await;
        let set = format!("set standard_conforming_strings = {setting}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut connection).await.unwrap();
        assert_same(&mut connection, &texts).await;
    }
}

/// The tables that are searched, with the expression of each one's index.
const SEARCHED: [(&str, &str); 4] = [
    (
        "customers",
        "name || ' ' || coalesce(email, '') || ' ' || coalesce(company, '') || ' ' || coalesce(phone, '')",
    ),
    ("leads", "title || ' ' || coalesce(description, '')"),
    ("tasks", "title || ' ' || coalesce(description, '')"),
    ("interactions", "notes"),
];

/// Asserts that each table's index holds a row with one word, and none with the other.
async fn assert_indexed(connection: &mut PgConnection, there: &str, gone: &str) {
    for (table, text) in SEARCHED {
        for (word, rows) in [(there, 1), (gone, 0)] {
            let query = format!("select count(*) from crm.{table} where crm.words({text}) @@ '{word}'");
            let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {query}")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
            assert!(plan.join("\n").contains(&format!("idx_{table}_words")), "{plan:?}");
            let found: i64 =
                sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut *connection).await.unwrap();
            assert_eq!(found, rows, "{word} in {table}");
        }
    }
}

#[tokio::test]
async fn rows_of_an_older_schema_are_found_by_the_new_words_and_back() {
    const BEFORE: i64 = 20_261_125_000_003;
    const WORDS: i64 = 20_261_130_000_005;
    let db = Database::fresh().await;
    db.crm.migrate_to(BEFORE).await.unwrap();
    db.execute(
        "insert into crm.customers (id, name) values (1, 'Jos\u{e9}');
         insert into crm.leads (title) values ('Jos\u{e9}');
         insert into crm.tasks (title) values ('Jos\u{e9}');
         insert into crm.interactions (customer_id, type, notes) values (1, 'note', 'Jos\u{e9}')",
    )
    .await;
    let mut connection = db.connection().await;
    sqlx::raw_sql("set enable_seqscan = off").execute(&mut connection).await.unwrap();
    let oldest = "select oldest_library::text from crm.compatibility";
    let before = super::catalogue::texts(&db, oldest).await;
    assert_indexed(&mut connection, "jos\u{e9}", "jose").await;

    db.crm.migrate_to(WORDS).await.unwrap();
    assert_indexed(&mut connection, "jose", "jos\u{e9}").await;
    // A library of before would search by its own words.
    assert_eq!(super::catalogue::texts(&db, oldest).await, [WORDS.to_string()]);

    db.crm.migrate_to(BEFORE).await.unwrap();
    assert_indexed(&mut connection, "jos\u{e9}", "jose").await;
    assert_eq!(super::catalogue::texts(&db, oldest).await, before);
}
