//! Words: the one rule by which texts are split and lower-cased, the same here and in the migration's `crm.words`.
//!
//! It is spelt out rather than left to a library because PostgreSQL's own rules depend on the database's collation,
//! and an in-memory store must find exactly what the database finds.

use std::str::FromStr;
use std::sync::LazyLock;

use crate::validation::Broken;
use crate::{Error, Result, ViolationCode};

/// Limits a word of a search, in characters: what follows is not looked at.
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
    ('\u{3000}', '\u{303f}'),
    ('\u{fe50}', '\u{fe6f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ff01}', '\u{ff0f}'),
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

/// Splits a text into its lower-cased words, the same as the migration's `crm.words`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(separates).filter(|word| !word.is_empty()).map(fold)
}

/// Is a full-text search: every word of it begins some word of the entity's texts.
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
    /// Returns the words, lower-cased and cut to [`MAX_WORD`] characters.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Tells whether every word begins some word of the texts.
    pub fn matches<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let found: Vec<_> = texts.into_iter().flat_map(words).collect();
        self.0.iter().all(|sought| found.iter().any(|word| word.starts_with(sought.as_str())))
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

        let query: String = query.nfc().collect();
        let words: Vec<String> = words(&query).map(|word| word.chars().take(MAX_WORD).collect()).collect();
        if words.is_empty() {
            return Err(
                Broken::new(ViolationCode::NoWord, "must hold at least one word to search for").on("text")
            );
        }
        if words.len() > MAX_WORDS {
            let message = format!("must hold at most {MAX_WORDS} words, not {}", words.len());
            return Err(Broken::new(ViolationCode::TooLong, message).on("text"));
        }
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

    #[test]
    fn words_are_runs_of_letters_and_digits_in_any_script() {
        let found: Vec<_> =
            words("Ann@example.com, +1-555 \u{2014} \u{6771}\u{4eac}\u{3000}\u{20ac}5").collect();
        assert_eq!(found, ["ann", "example", "com", "1", "555", "\u{6771}\u{4eac}", "5"]);
    }

    #[test]
    fn a_search_without_a_word_is_refused() {
        let error = " --%_ ".parse::<SearchText>().unwrap_err();
        assert_eq!(error.violations()[0].code, ViolationCode::NoWord);
    }
}
