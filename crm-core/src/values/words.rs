//! Words: the one rule by which texts are split and folded, the same here and in the migration's `crm.words`.
//!
//! The rule is spelt out rather than left to a library because PostgreSQL's own rules depend on the database's
//! collation and version, and an in-memory store must find exactly what the database finds.

use std::str::FromStr;
use std::sync::LazyLock;

use crate::errors::Broken;
use crate::values::letters::{digit, is_accent, is_unspaced, push_plain};
use crate::values::phone;
use crate::{Error, Result, ViolationCode};

/// Limits a word of a search, in characters: what follows is not looked at. All words of scripts without spaces are
/// limited together, because PostgreSQL compares each of their pairs with every other one.
pub const MAX_WORD: usize = 250;

/// Limits the words of a search.
pub const MAX_WORDS: usize = 64;

/// Upper-case letters beyond ASCII (Latin, Greek, Cyrillic, Armenian), in code point order; `LOWER` holds their partners.
const UPPER: &str = "\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤ\
    ŦŨŪŬŮŰŲŴŶŸŹŻŽƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǇǊǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǴǶǷǸǺǼǾȀȂȄ\
    ȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫςϏϘϚϜϞϠ\
    ϢϤϦϨϪϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊ\
    ҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪ\
    ԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎ\
    ṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶ\
    ỸỺỼỾ";
const LOWER: &str = "\
    àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţť\
    ŧũūŭůűųŵŷÿźżžɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǉǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǵƕƿǹǻǽǿȁȃȅ\
    ȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋσϗϙϛϝϟϡ\
    ϣϥϧϩϫϭϯθϸϲϻͻͼͽѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋ\
    ҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫ\
    ԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏ\
    ṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷ\
    ỹỻỽỿ";

/// Characters from U+0080 that separate words, as inclusive ranges: punctuation, spaces and symbols.
const SEPARATORS: &[(char, char)] = &[
    ('\u{80}', '\u{a9}'),
    ('\u{ab}', '\u{b4}'),
    ('\u{b6}', '\u{b9}'),
    ('\u{bb}', '\u{bf}'),
    ('\u{d7}', '\u{d7}'),
    ('\u{f7}', '\u{f7}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{2000}', '\u{206f}'),
    ('\u{20a0}', '\u{20cf}'),
    ('\u{2190}', '\u{2bff}'),
    ('\u{3000}', '\u{3004}'),
    ('\u{3008}', '\u{303f}'),
    ('\u{30a0}', '\u{30a0}'),
    ('\u{30fb}', '\u{30fb}'),
    ('\u{fe50}', '\u{fe6f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ff01}', '\u{ff0f}'),
    ('\u{ff1a}', '\u{ff20}'),
    ('\u{ff3b}', '\u{ff40}'),
    ('\u{ff5b}', '\u{ff65}'),
    ('\u{ffe0}', '\u{ffee}'),
];

fn fold_char(c: char) -> char {
    static PAIRS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| UPPER.chars().zip(LOWER.chars()).collect());
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    PAIRS.binary_search_by_key(&c, |pair| pair.0).map_or(c, |at| PAIRS[at].1)
}

fn separates(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric();
    }
    SEPARATORS.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Lower-cases a text, the same as the migration's `crm.fold`.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// Tells whether two texts are the same once they are lower-cased.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.chars().map(fold_char).eq(other.chars().map(fold_char))
}

/// Splits a text into its folded words: runs of letters and digits, where a run of a script without spaces is whole.
fn split(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars().map(|c| digit(c).unwrap_or(c)) {
        if is_accent(c, last) {
            continue;
        }
        if separates(c) {
            folded.push(' ');
        } else {
            if is_unspaced(c) != is_unspaced(last) {
                folded.push(' ');
            }
            push_plain(&mut folded, c);
        }
        last = folded.chars().next_back().unwrap_or(' ');
    }
    folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Returns the pairs of neighbouring characters of a word from a script without spaces, or nothing if the word is of
/// another script or has only one character.
#[must_use]
pub fn pairs(word: &str) -> Option<impl Iterator<Item = &str>> {
    let mut starts = word.char_indices().map(|(at, _)| at);
    if !word.starts_with(is_unspaced) || starts.nth(1).is_none() {
        return None;
    }
    let starts = word.char_indices().map(|(at, _)| at);
    let ends = word.char_indices().map(|(at, c)| at + c.len_utf8()).skip(1);
    Some(starts.zip(ends).map(move |(start, end)| &word[start..end]))
}

/// Splits a text into its folded words, the same as the migration's `crm.words`: of a script without spaces they are
/// all pairs of neighbouring characters and the last character of each run.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    split(text).into_iter().flat_map(|word| {
        let mut parts: Vec<String> = pairs(&word).into_iter().flatten().map(str::to_owned).collect();
        if word.starts_with(is_unspaced) {
            parts.extend(word.chars().next_back().map(String::from));
        } else {
            parts.push(word);
        }
        parts
    })
}

/// A full-text search: every word of it begins some word of the entity's texts.
///
/// Case and accents do not matter. A word of a script that is written without spaces, such as Japanese or Thai, may
/// stand anywhere in a longer text.
///
/// ```
/// let search: crm_core::SearchText = "acme corp".parse()?;
/// assert!(search.matches(["The ACME Corporation"]));
/// assert!(!search.matches(["Acme Ltd"]));
/// # Ok::<_, crm_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(Vec<String>);

impl SearchText {
    /// Returns the words, folded and cut to [`MAX_WORD`] characters. The texts searched have to hold all [`pairs`] of a
    /// word that has any, and a word that begins as any other does.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Tells whether every word begins some word of the texts, or all its pairs occur in them.
    pub fn matches<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let mut found: Vec<String> = texts.into_iter().flat_map(words).collect();
        found.sort_unstable();
        let begins = |sought: &str| {
            let at = found.partition_point(|word| word.as_str() < sought);
            found.get(at).is_some_and(|word| word.starts_with(sought))
        };
        self.0.iter().all(|sought| match pairs(sought) {
            Some(mut pairs) => pairs.all(begins),
            None => begins(sought),
        })
    }
}

impl FromStr for SearchText {
    type Err = Error;

    /// Splits the query into words.
    ///
    /// # Errors
    /// `validation` when there is no word in it, or more than [`MAX_WORDS`].
    fn from_str(query: &str) -> Result<Self> {
        use unicode_normalization::UnicodeNormalization;

        // A phone number is found as it was typed, not only as it is stored.
        let query = phone::with_dashes(query.nfc());
        let mut unspaced = MAX_WORD;
        let cut = |word: String| {
            if !word.starts_with(is_unspaced) {
                return word.chars().take(MAX_WORD).collect();
            }
            let word: String = word.chars().take(unspaced).collect();
            unspaced -= word.chars().count();
            word
        };
        let mut words: Vec<String> = split(&query).into_iter().map(cut).collect();
        if words.is_empty() {
            return Err(
                Broken::new(ViolationCode::NoWord, "must hold at least one word to search for").on("text")
            );
        }
        if words.len() > MAX_WORDS {
            let message = format!("must hold at most {MAX_WORDS} words, not {}", words.len());
            return Err(Broken::new(ViolationCode::TooLong, message).on("text"));
        }
        words.retain(|word| !word.is_empty());
        Ok(Self(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_table_is_sorted_and_paired() {
        assert_eq!(UPPER.chars().count(), LOWER.chars().count());
        assert!(UPPER.chars().is_sorted());
        assert_eq!(
            fold("\u{c4}RGER \u{39f}\u{394}\u{39f}\u{3a3} \u{416}"),
            "\u{e4}rger \u{3bf}\u{3b4}\u{3bf}\u{3c3} \u{436}"
        );
    }

    fn found(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_any_script() {
        let text = "Ann@example.com, +1-555 \u{2014} \u{d55c}\u{ad6d}\u{3000}\u{20ac}5";
        assert_eq!(found(text), ["ann", "example", "com", "1", "555", "\u{d55c}\u{ad6d}", "5"]);
    }

    #[test]
    fn letters_are_taken_for_their_plain_ones() {
        for (text, word) in [
            ("Jos\u{e9}", "jose"),
            ("Jose\u{301}\u{302}", "jose"),
            ("STRA\u{1e9e}E", "strasse"),
            ("\u{141}\u{f3}d\u{17a}", "lodz"),
            ("\u{ff21}\u{ff11}", "a1"),
            ("\u{665}\u{e55}x\u{1d7e7}", "55x5"),
            ("\u{419}\u{401}", "\u{438}\u{435}"),
            ("\u{1f0c}\u{3c3}\u{3c4}\u{3c5}", "\u{3b1}\u{3c3}\u{3c4}\u{3c5}"),
            // An accent stays where it is on no letter of the three alphabets.
            ("\u{5d0}\u{301}", "\u{5d0}\u{301}"),
            ("1\u{301}", "1\u{301}"),
        ] {
            assert_eq!(found(text), [word], "{text}");
        }
    }

    #[test]
    fn a_script_without_spaces_has_pairs_and_the_last_character() {
        assert_eq!(found("\u{6771}"), ["\u{6771}"]);
        assert_eq!(
            found("A\u{6771}\u{4eac}\u{90fd}b\u{301}\u{3001}\u{4eac}"),
            ["a", "\u{6771}\u{4eac}", "\u{4eac}\u{90fd}", "\u{90fd}", "b", "\u{4eac}"]
        );
        assert!(pairs("ab").is_none() && pairs("\u{6771}").is_none());
    }

    #[test]
    fn the_words_of_scripts_without_spaces_have_one_limit_together() {
        let search: SearchText = "\u{6771}\u{4eac}a".repeat(32).parse().unwrap();
        assert_eq!(search.words().len(), 64);
        let run = "\u{6771}\u{4eac}".repeat(100);
        let search: SearchText = format!("{run} {run} {run} last").parse().unwrap();
        let lengths: Vec<_> = search.words().iter().map(|word| word.chars().count()).collect();
        assert_eq!(lengths, [200, 50, 4]);
    }

    #[test]
    fn a_long_vowel_after_a_digit_is_searched_for_as_the_dash_of_a_phone_number() {
        let search: SearchText = "\u{ff10}\u{ff13}\u{30fc}1234".parse().unwrap();
        assert_eq!(search.words(), ["03", "1234"]);
        assert!(search.matches(["03-1234-5678"]));
    }

    #[test]
    fn a_search_without_a_word_is_refused() {
        let error = " --%_ ".parse::<SearchText>().unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::NoWord);
    }
}
