//! Letters and digits: what a search takes each one for, and the scripts that are written without spaces.
//!
//! The migration of `crm.words` holds the same tables. A unit test derives the letters from Unicode's decompositions,
//! and `tests/integration/schema/words.rs` compares Rust with SQL on every code point.

use std::sync::LazyLock;

/// The letters that a search takes for one other, in code point order; `PLAIN` holds that other at the same place.
/// They are capital letters, letters with accents or strokes, and letters and digits of full width.
#[expect(clippy::unicode_not_nfc, reason = "a text that another program wrote need not be in NFC")]
const LETTERS: &str = "\
    ªºÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝàáâãäåçèéêëìíîïðñòóôõöøùúûüýÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĦħĨ\
    ĩĪīĬĭĮįİıĴĵĶķĹĺĻļĽľĿŀŁłŃńŅņŇňŊŋŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſƀƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƚ\
    ƜƝƟƠơƢƤƦƧƩƬƮƯưƱƲƳƵƶƷƸƼǄǇǊǍǎǏǐǑǒǓǔǕǖǗǘǙǚǛǜǞǟǠǡǤǥǦǧǨǩǪǫǬǭǮǯǰǱǴǵǶǷǸǹǺǻǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚțȜȞȟ\
    ȠȢȤȦȧȨȩȪȫȬȭȮȯȰȱȲȳȷȺȻȼȽȾɁɃɄɅɆɇɈɉɊɌɍɎɏɨʉͰͲͶͿΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώϏϓϔϘϚϜϞϠϢϤϦϨϪ\
    ϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯйѐёѓїќѝўѠѢѤѦѨѪѬѮѰѲѴѶѷѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪ\
    ҬҮҰҲҴҶҸҺҼҾӀӁӂӃӅӇӉӋӍӐӑӒӓӔӖӗӘӚӛӜӝӞӟӠӢӣӤӥӦӧӨӪӫӬӭӮӯӰӱӲӳӴӵӶӸӹӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁ\
    ՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖḀḁḂḃḄḅḆḇḈḉḊḋḌḍḎḏḐḑḒḓḔḕḖḗḘḙḚḛḜḝḞḟḠḡḢḣḤḥḦḧḨḩḪḫḬḭḮḯḰḱḲḳḴḵḶḷḸḹḺḻḼḽḾḿṀṁṂṃṄṅṆṇṈṉṊṋṌṍṎ\
    ṏṐṑṒṓṔṕṖṗṘṙṚṛṜṝṞṟṠṡṢṣṤṥṦṧṨṩṪṫṬṭṮṯṰṱṲṳṴṵṶṷṸṹṺṻṼṽṾṿẀẁẂẃẄẅẆẇẈẉẊẋẌẍẎẏẐẑẒẓẔẕẖẗẘẙẛẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ\
    ẸẹẺẻẼẽẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹỺỼỾἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἐἑἒἓἔἕἘἙἚἛἜἝἠἡἢ\
    ἣἤἥἦἧἨἩἪἫἬἭἮἯἰἱἲἳἴἵἶἷἸἹἺἻἼἽἾἿὀὁὂὃὄὅὈὉὊὋὌὍὐὑὒὓὔὕὖὗὙὛὝὟὠὡὢὣὤὥὦὧὨὩὪὫὬὭὮὯὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐ\
    ᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾰᾱᾲᾳᾴᾶᾷᾸᾹᾺΆᾼιῂῃῄῆῇῈΈῊΉῌῐῑῒΐῖῗῘῙῚΊῠῡῢΰῤῥῦῧῨῩῪΎῬῲῳῴῶῷῸΌῺΏῼΩKÅⱥⱦ０１２３４５６７\
    ８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ";
const PLAIN: &str = "\
    aoaaaaaaceeeeiiiidnoooooouuuuyaaaaaaceeeeiiiidnoooooouuuuyyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhi\
    iiiiiiiiijjkkllllllllllnnnnnnnnoooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzsbɓƃƅɔƈɖɗƌǝəɛƒɠɣɩiƙl\
    ɯɲɵooƣƥʀƨʃƭʈuuʊʋƴzzʒƹƽǆǉǌaaiioouuuuuuuuuuaaaaggggkkooooʒʒjǳggƕƿnnaaooaaaaeeeeiiiioooorrrruuuussttȝhh\
    ƞȣȥaaeeooooooooyyjaccltɂbuʌeejjɋrryyiuͱͳͷϳαεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουωϗϒϒϙϛϝϟϡϣϥϧϩϫ\
    ϭϯθϸϲϻͻͼͽееђгєѕііјљњћкиуџабвгдежзииклмнопрстуфхцчшщъыьэюяиеегікиуѡѣѥѧѩѫѭѯѱѳѵѵѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫ\
    ҭүұҳҵҷҹһҽҿӏжжӄӆӈӊӌӎааааӕееәәәжжззӡииииооөөөээууууууччӷыыӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձ\
    ղճմյնշոչպջռսվտրցւփքօֆaabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnooo\
    ooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwysaaaaaaaaaaaaaaaaaaaaaaaa\
    eeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyỻỽỿααααααααααααααααεεεεεεεεεεεεηηη\
    ηηηηηηηηηηηηηιιιιιιιιιιιιιιιιοοοοοοοοοοοουυυυυυυυυυυυωωωωωωωωωωωωωωωωααεεηηιιοουυωωααααααααααααααααη\
    ηηηηηηηηηηηηηηηωωωωωωωωωωωωωωωωααααααααααααιηηηηηεεηηηιιιιιιιιιιυυυυρρυυυυυυρωωωωωοοωωωωkaat01234567\
    89abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

/// The letters that a search takes for several others, in code point order.
const SEVERAL: &[(char, &str)] = &[
    ('Æ', "ae"),
    ('Þ', "th"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('þ', "th"),
    ('Ĳ', "ij"),
    ('ĳ', "ij"),
    ('Œ', "oe"),
    ('œ', "oe"),
    ('Ǣ', "ae"),
    ('ǣ', "ae"),
    ('Ǽ', "ae"),
    ('ǽ', "ae"),
    ('ẞ', "ss"),
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ﬅ', "st"),
    ('ﬆ', "st"),
];

/// The lower-case Latin, Greek and Cyrillic letters, as inclusive ranges: an accent after one of them is dropped.
const ACCENTED: &[(char, char)] = &[
    ('\u{61}', '\u{7a}'),
    ('\u{c0}', '\u{2af}'),
    ('\u{370}', '\u{52f}'),
    ('\u{1c80}', '\u{1c8f}'),
    ('\u{1d00}', '\u{1dbf}'),
    ('\u{1e00}', '\u{1eff}'),
    ('\u{2c60}', '\u{2c7f}'),
    ('\u{a640}', '\u{a69f}'),
    ('\u{a720}', '\u{a7ff}'),
    ('\u{ab30}', '\u{ab6f}'),
];

/// Scripts that are written without spaces between words, as inclusive ranges: Thai, Lao, Burmese, Khmer, Han and kana.
const UNSPACED: &[(char, char)] = &[
    ('\u{e00}', '\u{eff}'),
    ('\u{1000}', '\u{109f}'),
    ('\u{1780}', '\u{17ff}'),
    ('\u{2e80}', '\u{2fdf}'),
    ('\u{3005}', '\u{3007}'),
    ('\u{3041}', '\u{30ff}'),
    ('\u{31f0}', '\u{31ff}'),
    ('\u{3400}', '\u{4dbf}'),
    ('\u{4e00}', '\u{9fff}'),
    ('\u{a9e0}', '\u{a9ff}'),
    ('\u{aa60}', '\u{aa7f}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{ff66}', '\u{ff9f}'),
    ('\u{1aff0}', '\u{1b16f}'),
    ('\u{20000}', '\u{3ffff}'),
];

fn within(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// Tells whether a character belongs to a script that is written without spaces.
pub(crate) fn is_unspaced(c: char) -> bool {
    c >= '\u{e00}' && within(UNSPACED, c)
}

/// Tells whether `c` is an accent that is dropped after `before`.
pub(crate) fn is_accent(c: char, before: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c) && within(ACCENTED, before)
}

/// Adds what a search takes a letter for.
pub(crate) fn push_plain(text: &mut String, letter: char) {
    static PAIRS: LazyLock<Vec<(char, char)>> =
        LazyLock::new(|| LETTERS.chars().zip(PLAIN.chars()).collect());
    if letter.is_ascii() {
        text.push(letter.to_ascii_lowercase());
    } else if let Ok(at) = PAIRS.binary_search_by_key(&letter, |pair| pair.0) {
        text.push(PAIRS[at].1);
    } else if let Ok(at) = SEVERAL.binary_search_by_key(&letter, |pair| pair.0) {
        text.push_str(SEVERAL[at].1);
    } else {
        text.push(letter);
    }
}

/// Returns the ASCII digit for a decimal digit of any script.
pub(crate) fn digit(c: char) -> Option<char> {
    let zero = ZEROS[..ZEROS.partition_point(|&zero| zero <= u32::from(c))].last()?;
    char::from_digit(u32::from(c) - zero, 10)
}

/// The zeros of all scripts in the order of code points; the other nine digits follow each.
const ZEROS: &[u32] = &[
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
    0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
    0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40,
    0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da,
    0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16130, 0x16a60, 0x16ac0,
    0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0,
    0x1e5f1, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    use unicode_normalization::char::decompose_canonical;

    use super::*;
    use crate::values::text::tests::class;
    use crate::values::words::fold;

    /// The letters that Unicode does not decompose, and what we take them for.
    const OURS: &str = "ªa ºo ßss æae ðd øo þth đd ħh ıi ĳij ŀl łl ŋn œoe ŧt ſs ƀb ƚl ƶz ǥg ȷj ȼc ɇe ɉj ɍr ɏy ɨi ʉu ⱥa ⱦt ﬀff ﬁfi ﬂfl ﬃffi ﬄffl ﬅst ﬆst";

    fn plain(letter: char) -> String {
        let mut text = String::new();
        push_plain(&mut text, digit(letter).unwrap_or(letter));
        text
    }

    /// Lower-cases a letter, takes away its accents, and looks it up among ours.
    fn derived(letter: char) -> String {
        let lower = fold(&letter.to_string());
        let mut parts = Vec::new();
        lower.chars().for_each(|c| decompose_canonical(c, |part| parts.push(part)));
        let base = fold(&parts[0].to_string());
        let is_accented = within(ACCENTED, base.chars().next().unwrap())
            && parts[1..].iter().all(|part| ('\u{300}'..='\u{36f}').contains(part));
        let letter = if is_accented { base } else { lower };
        let first = letter.chars().next().unwrap();
        if let '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' = first {
            let narrow = char::from_u32(u32::from(first) - 0xfee0).unwrap();
            return narrow.to_ascii_lowercase().to_string();
        }
        let ours = OURS.split(' ').find_map(|entry| entry.strip_prefix(first));
        ours.map_or(letter, str::to_owned)
    }

    #[test]
    fn every_letter_is_taken_for_what_unicode_decomposes_it_to() {
        let digits = class(r"\p{Nd}");
        // The digits of a script follow each other, and two scripts never do but for those of mathematics.
        let number = |digit: char| {
            let before = ('\0'..digit).rev().take_while(|c| digits.contains(c)).count();
            (before % 10).to_string()
        };
        for letter in '\0'..=char::MAX {
            let expected = if digits.contains(&letter) { number(letter) } else { derived(letter) };
            assert_eq!(plain(letter), expected, "{letter:?} U+{:04X}", u32::from(letter));
        }
    }

    #[test]
    fn the_tables_are_sorted_and_paired() {
        assert_eq!(LETTERS.chars().count(), PLAIN.chars().count());
        assert!(LETTERS.chars().is_sorted());
        assert!(SEVERAL.is_sorted());
        assert!(ZEROS.is_sorted());
        for ranges in [ACCENTED, UNSPACED] {
            assert!(ranges.iter().all(|(first, last)| first <= last));
        }
    }
}
