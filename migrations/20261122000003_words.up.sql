-- Words for full-text search and case for tags, by one rule that is spelt out instead of left to the database's
-- collation; crm-core's words.rs has the same tables, and a test compares the two. An index on words is kept up by a foreign
-- key's action too: see the versions for why everything is named with its schema.

-- Lower-cases ASCII and the letters of the Latin, Greek, Cyrillic and Armenian scripts. translate() compares each
-- character of the text with the whole of its list, so each list is short and used only where one of its letters is.
create function crm.fold(t text) returns text language plpgsql immutable strict parallel safe as $$
declare
  w pg_catalog.text collate pg_catalog."C" := pg_catalog.lower(t collate pg_catalog."C");
begin
  if pg_catalog.octet_length(w) operator(pg_catalog.=) pg_catalog.char_length(w) then
    return w;
  end if;
  if w operator(pg_catalog.~) '[À-Þ]' then
    w := pg_catalog.translate(
      w,
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ',
      'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ'
    );
  end if;
  if w operator(pg_catalog.~) '[Ā-Ž]' then
    w := pg_catalog.translate(
      w,
      'ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ',
      'āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįiĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżž'
    );
  end if;
  if w operator(pg_catalog.~) '[Ɓ-ɏ]' then
    w := pg_catalog.translate(
      w,
      'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǇǊǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎ',
      'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǉǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏ'
    );
  end if;
  if w operator(pg_catalog.~) '[Ͱ-Ͽ]' then
    w := pg_catalog.translate(
      w,
      'ͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫςϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿ',
      'ͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋσϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽ'
    );
  end if;
  if w operator(pg_catalog.~) '[Ѐ-Я]' then
    w := pg_catalog.translate(
      w,
      'ЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ',
      'ѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюя'
    );
  end if;
  if w operator(pg_catalog.~) '[Ѡ-ԯ]' then
    w := pg_catalog.translate(
      w,
      'ѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ',
      'ѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ'
    );
  end if;
  if w operator(pg_catalog.~) '[Ա-Ֆ]' then
    w := pg_catalog.translate(
      w,
      'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ',
      'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ'
    );
  end if;
  if w operator(pg_catalog.~) '[Ḁ-ẞ]' then
    w := pg_catalog.translate(
      w,
      'ḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞ',
      'ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕß'
    );
  end if;
  if w operator(pg_catalog.~) '[Ạ-ỿ]' then
    w := pg_catalog.translate(
      w,
      'ẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾ',
      'ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿ'
    );
  end if;
  return w;
end
$$;

-- Splits a text into its lower-cased words. A word is a run of characters other than the separators: everything in
-- ASCII but letters and digits, and the spaces, punctuation and symbols listed. A word longer than a tsvector takes is
-- cut, and of a longer text than the library accepts only the beginning counts, so that no row is refused.
create function crm.words(t text) returns tsvector language plpgsql immutable strict parallel safe cost 1000 as $$
declare
  w pg_catalog.text := pg_catalog.regexp_replace(
    crm.fold(pg_catalog."left"(t, 110000)) collate pg_catalog."C",
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u1680\u180e\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u3000-\u303f\ufe50-\ufe6f\ufeff\uff01-\uff0f]+',
    ' ', 'g'
  );
begin
  if pg_catalog.octet_length(w) operator(pg_catalog.>) 2046 then
    w := pg_catalog.regexp_replace(w collate pg_catalog."C", '([^ ]{250})[^ ]+', '\1', 'g');
  end if;
  return w::pg_catalog.tsvector;
end
$$;
