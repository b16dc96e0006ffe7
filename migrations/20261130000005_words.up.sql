-- Words that are found however they are typed. A search takes letters for their plain ones: José for jose, Straße for strasse,
-- Łódź for lodz, full width and the digits of any script for ASCII. It finds a word inside a text of a script that is written
-- without spaces. crm-core's words.rs and letters.rs hold the same tables, and a test compares the two. crm.fold stays as it is:
-- tags still differ by their accents.

set local search_path = pg_catalog, pg_temp;

-- Splits a text into its words. A word is a run of characters other than the separators: everything in ASCII but letters and
-- digits, and the spaces, punctuation and symbols listed. Of a script without spaces, the words are all pairs of neighbouring
-- characters and the last character of each run.
--
-- No row is refused. A word longer than a tsvector takes is cut. Of a text longer than the library accepts, only the beginning
-- counts: 110,000 characters of 4 bytes, each in two pairs, are 880,000 bytes, and a tsvector takes 1,048,575.
--
-- What is ASCII, as most texts are, needs none of the tables. Strings with a backslash are written E'', which means the same
-- whatever standard_conforming_strings is. Parallel restricted, because the planner estimates that any beginning of a word
-- matches 2 % of the rows and would start workers, which takes longer than a search.
create or replace function crm.words(t text) returns tsvector
language plpgsql immutable strict parallel restricted cost 1000 as $$
declare
  w pg_catalog.text collate pg_catalog."C" := pg_catalog.lower(pg_catalog."left"(t, 110000) collate pg_catalog."C");
  runs pg_catalog.text collate pg_catalog."C";
begin
  if pg_catalog.octet_length(w) operator(pg_catalog.=) pg_catalog.char_length(w) then
    w := pg_catalog.regexp_replace(w, '[^a-z0-9 ]+', ' ', 'g');
  else
    declare
      letter pg_catalog.text collate pg_catalog."C";
      -- Thai, Lao, Burmese, Khmer, Han and kana.
      unspaced constant pg_catalog.text collate pg_catalog."C" :=
        E'\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3041-\\u30ff'
        '\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua9e0-\\ua9ff\\uaa60-\\uaa7f\\uf900-\\ufaff'
        '\\uff66-\\uff9f\\U0001aff0-\\U0001b16f\\U00020000-\\U0003ffff';
    begin
      -- One letter after the other, each wherever it occurs: a text has few different ones, and translate() would compare each
      -- of its characters with the whole list. The class holds the letters of the table and no others, so the loop ends.
      loop
        letter := pg_catalog."substring"(
          w,
          '[ªºÀ-ÖØ-öø-ķĹ-ňŊ-ƂƄƆƇƉ-ƋƎ-ƑƓƔƖ-ƘƚƜƝƟ-ƢƤƦƧƩƬƮ-ƳƵ-ƸƼǄǇǊǍ-ǜǞ-ǱǴ-ȜȞ-ȠȢȤȦ-ȳȷȺ-ȾɁɃ-ɊɌ-ɏɨʉͰͲͶͿΆΈ-ΊΌΎ-Ρ'
          'Σ-ΰςϊ-ϏϓϔϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽ-Яйѐёѓїќ-ўѠѢѤѦѨѪѬѮѰѲѴѶ-ѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀ-ӃӅӇӉӋӍӐ-ӔӖ-Ә'
          'Ӛ-ӠӢ-ӨӪ-ӶӸ-ӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱ-ՖḀ-ẙẛẞẠ-ỺỼỾἀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥ'
          'ῲ-ῴῶ-ῼΩKÅⱥⱦﬀ-ﬆ０-９Ａ-Ｚａ-ｚ'
          '٠-٩۰-۹߀-߉०-९০-৯੦-੯૦-૯୦-୯௦-௯౦-౯೦-೯൦-൯෦-෯๐-๙໐-໙༠-༩၀-၉႐-႙០-៩᠐-᠙᥆-᥏᧐-᧙᪀-᪉᪐-᪙᭐-᭙᮰-᮹᱀-᱉᱐-᱙꘠-꘩꣐-꣙꤀-꤉꧐-꧙꧰-꧹'
          '꩐-꩙꯰-꯹𐒠-𐒩𐴰-𐴹𐵀-𐵉𑁦-𑁯𑃰-𑃹𑄶-𑄿𑇐-𑇙𑋰-𑋹𑑐-𑑙𑓐-𑓙𑙐-𑙙𑛀-𑛉𑛐-𑛙𑛚-𑛣𑜰-𑜹𑣠-𑣩𑥐-𑥙𑯰-𑯹𑱐-𑱙𑵐-𑵙𑶠-𑶩𑽐-𑽙𖄰-𖄹𖩠-𖩩𖫀-𖫉𖭐-𖭙𖵰-𖵹𜳰-𜳹𝟎-𝟗𝟘-𝟡𝟢-𝟫'
          '𝟬-𝟵𝟶-𝟿𞅀-𞅉𞋰-𞋹𞓰-𞓹𞗱-𞗺𞥐-𞥙🯰-🯹]'
        );
        exit when letter is null;
        w := pg_catalog.replace(
          w,
          letter,
          pg_catalog.jsonb_object(
            pg_catalog.string_to_array(
              'ªºÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝàáâãäåçèéêëìíîïðñòóôõöøùúûüýÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĦħĨ'
              'ĩĪīĬĭĮįİıĴĵĶķĹĺĻļĽľĿŀŁłŃńŅņŇňŊŋŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſƀƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƚ'
              'ƜƝƟƠơƢƤƦƧƩƬƮƯưƱƲƳƵƶƷƸƼǄǇǊǍǎǏǐǑǒǓǔǕǖǗǘǙǚǛǜǞǟǠǡǤǥǦǧǨǩǪǫǬǭǮǯǰǱǴǵǶǷǸǹǺǻǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚțȜȞȟ'
              'ȠȢȤȦȧȨȩȪȫȬȭȮȯȰȱȲȳȷȺȻȼȽȾɁɃɄɅɆɇɈɉɊɌɍɎɏɨʉͰͲͶͿΆΈΉΊΌΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίΰςϊϋόύώϏϓϔϘϚϜϞϠϢϤϦϨϪ'
              'ϬϮϴϷϹϺϽϾϿЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯйѐёѓїќѝўѠѢѤѦѨѪѬѮѰѲѴѶѷѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪ'
              'ҬҮҰҲҴҶҸҺҼҾӀӁӂӃӅӇӉӋӍӐӑӒӓӔӖӗӘӚӛӜӝӞӟӠӢӣӤӥӦӧӨӪӫӬӭӮӯӰӱӲӳӴӵӶӸӹӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁ'
              'ՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖḀḁḂḃḄḅḆḇḈḉḊḋḌḍḎḏḐḑḒḓḔḕḖḗḘḙḚḛḜḝḞḟḠḡḢḣḤḥḦḧḨḩḪḫḬḭḮḯḰḱḲḳḴḵḶḷḸḹḺḻḼḽḾḿṀṁṂṃṄṅṆṇṈṉṊṋṌṍṎ'
              'ṏṐṑṒṓṔṕṖṗṘṙṚṛṜṝṞṟṠṡṢṣṤṥṦṧṨṩṪṫṬṭṮṯṰṱṲṳṴṵṶṷṸṹṺṻṼṽṾṿẀẁẂẃẄẅẆẇẈẉẊẋẌẍẎẏẐẑẒẓẔẕẖẗẘẙẛẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặ'
              'ẸẹẺẻẼẽẾếỀềỂểỄễỆệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹỺỼỾἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἐἑἒἓἔἕἘἙἚἛἜἝἠἡἢ'
              'ἣἤἥἦἧἨἩἪἫἬἭἮἯἰἱἲἳἴἵἶἷἸἹἺἻἼἽἾἿὀὁὂὃὄὅὈὉὊὋὌὍὐὑὒὓὔὕὖὗὙὛὝὟὠὡὢὣὤὥὦὧὨὩὪὫὬὭὮὯὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐ'
              'ᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾰᾱᾲᾳᾴᾶᾷᾸᾹᾺΆᾼιῂῃῄῆῇῈΈῊΉῌῐῑῒΐῖῗῘῙῚΊῠῡῢΰῤῥῦῧῨῩῪΎῬῲῳῴῶῷῸΌῺΏῼΩKÅⱥⱦ０１２３４５６７'
              '８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ',
              null
            ),
            pg_catalog.string_to_array(
              'aoaaaaaaceeeeiiiidnoooooouuuuyaaaaaaceeeeiiiidnoooooouuuuyyaaaaaaccccccccddddeeeeeeeeeegggggggghhhhi'
              'iiiiiiiiijjkkllllllllllnnnnnnnnoooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzsbɓƃƅɔƈɖɗƌǝəɛƒɠɣɩiƙl'
              'ɯɲɵooƣƥʀƨʃƭʈuuʊʋƴzzʒƹƽǆǉǌaaiioouuuuuuuuuuaaaaggggkkooooʒʒjǳggƕƿnnaaooaaaaeeeeiiiioooorrrruuuussttȝhh'
              'ƞȣȥaaeeooooooooyyjaccltɂbuʌeejjɋrryyiuͱͳͷϳαεηιουωιαβγδεζηθικλμνξοπρστυφχψωιυαεηιυσιυουωϗϒϒϙϛϝϟϡϣϥϧϩϫ'
              'ϭϯθϸϲϻͻͼͽееђгєѕііјљњћкиуџабвгдежзииклмнопрстуфхцчшщъыьэюяиеегікиуѡѣѥѧѩѫѭѯѱѳѵѵѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫ'
              'ҭүұҳҵҷҹһҽҿӏжжӄӆӈӊӌӎааааӕееәәәжжззӡииииооөөөээууууууччӷыыӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձ'
              'ղճմյնշոչպջռսվտրցւփքօֆaabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnooo'
              'ooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwysaaaaaaaaaaaaaaaaaaaaaaaa'
              'eeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyỻỽỿααααααααααααααααεεεεεεεεεεεεηηη'
              'ηηηηηηηηηηηηηιιιιιιιιιιιιιιιιοοοοοοοοοοοουυυυυυυυυυυυωωωωωωωωωωωωωωωωααεεηηιιοουυωωααααααααααααααααη'
              'ηηηηηηηηηηηηηηηωωωωωωωωωωωωωωωωααααααααααααιηηηηηεεηηηιιιιιιιιιιυυυυρρυυυυυυρωωωωωοοωωωωkaat01234567'
              '89abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz',
              null
            )
          ) operator(pg_catalog.||) '{
            "Æ": "ae", "Þ": "th", "ß": "ss", "æ": "ae", "þ": "th", "Ĳ": "ij", "ĳ": "ij",
            "Œ": "oe", "œ": "oe", "Ǣ": "ae", "ǣ": "ae", "Ǽ": "ae", "ǽ": "ae", "ẞ": "ss",
            "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"
          }'::pg_catalog.jsonb operator(pg_catalog.||) pg_catalog.jsonb_object(
            pg_catalog.string_to_array(
              '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹߀߁߂߃߄߅߆߇߈߉०१२३४५६७८९০১২৩৪৫৬৭৮৯੦੧੨੩੪੫੬੭੮੯૦૧૨૩૪૫૬૭૮૯୦୧୨୩୪୫୬୭୮୯௦௧௨௩௪௫௬௭௮௯౦౧౨౩౪౫౬౭౮౯'
              '೦೧೨೩೪೫೬೭೮೯൦൧൨൩൪൫൬൭൮൯෦෧෨෩෪෫෬෭෮෯๐๑๒๓๔๕๖๗๘๙໐໑໒໓໔໕໖໗໘໙༠༡༢༣༤༥༦༧༨༩၀၁၂၃၄၅၆၇၈၉႐႑႒႓႔႕႖႗႘႙០១២៣៤៥៦៧៨៩᠐᠑᠒᠓᠔᠕᠖᠗᠘᠙'
              '᥆᥇᥈᥉᥊᥋᥌᥍᥎᥏᧐᧑᧒᧓᧔᧕᧖᧗᧘᧙᪀᪁᪂᪃᪄᪅᪆᪇᪈᪉᪐᪑᪒᪓᪔᪕᪖᪗᪘᪙᭐᭑᭒᭓᭔᭕᭖᭗᭘᭙᮰᮱᮲᮳᮴᮵᮶᮷᮸᮹᱀᱁᱂᱃᱄᱅᱆᱇᱈᱉᱐᱑᱒᱓᱔᱕᱖᱗᱘᱙꘠꘡꘢꘣꘤꘥꘦꘧꘨꘩꣐꣑꣒꣓꣔꣕꣖꣗꣘꣙'
              '꤀꤁꤂꤃꤄꤅꤆꤇꤈꤉꧐꧑꧒꧓꧔꧕꧖꧗꧘꧙꧰꧱꧲꧳꧴꧵꧶꧷꧸꧹꩐꩑꩒꩓꩔꩕꩖꩗꩘꩙꯰꯱꯲꯳꯴꯵꯶꯷꯸꯹𐒠𐒡𐒢𐒣𐒤𐒥𐒦𐒧𐒨𐒩𐴰𐴱𐴲𐴳𐴴𐴵𐴶𐴷𐴸𐴹𐵀𐵁𐵂𐵃𐵄𐵅𐵆𐵇𐵈𐵉𑁦𑁧𑁨𑁩𑁪𑁫𑁬𑁭𑁮𑁯𑃰𑃱𑃲𑃳𑃴𑃵𑃶𑃷𑃸𑃹'
              '𑄶𑄷𑄸𑄹𑄺𑄻𑄼𑄽𑄾𑄿𑇐𑇑𑇒𑇓𑇔𑇕𑇖𑇗𑇘𑇙𑋰𑋱𑋲𑋳𑋴𑋵𑋶𑋷𑋸𑋹𑑐𑑑𑑒𑑓𑑔𑑕𑑖𑑗𑑘𑑙𑓐𑓑𑓒𑓓𑓔𑓕𑓖𑓗𑓘𑓙𑙐𑙑𑙒𑙓𑙔𑙕𑙖𑙗𑙘𑙙𑛀𑛁𑛂𑛃𑛄𑛅𑛆𑛇𑛈𑛉𑛐𑛑𑛒𑛓𑛔𑛕𑛖𑛗𑛘𑛙𑛚𑛛𑛜𑛝𑛞𑛟𑛠𑛡𑛢𑛣𑜰𑜱𑜲𑜳𑜴𑜵𑜶𑜷𑜸𑜹'
              '𑣠𑣡𑣢𑣣𑣤𑣥𑣦𑣧𑣨𑣩𑥐𑥑𑥒𑥓𑥔𑥕𑥖𑥗𑥘𑥙𑯰𑯱𑯲𑯳𑯴𑯵𑯶𑯷𑯸𑯹𑱐𑱑𑱒𑱓𑱔𑱕𑱖𑱗𑱘𑱙𑵐𑵑𑵒𑵓𑵔𑵕𑵖𑵗𑵘𑵙𑶠𑶡𑶢𑶣𑶤𑶥𑶦𑶧𑶨𑶩𑽐𑽑𑽒𑽓𑽔𑽕𑽖𑽗𑽘𑽙𖄰𖄱𖄲𖄳𖄴𖄵𖄶𖄷𖄸𖄹𖩠𖩡𖩢𖩣𖩤𖩥𖩦𖩧𖩨𖩩𖫀𖫁𖫂𖫃𖫄𖫅𖫆𖫇𖫈𖫉'
              '𖭐𖭑𖭒𖭓𖭔𖭕𖭖𖭗𖭘𖭙𖵰𖵱𖵲𖵳𖵴𖵵𖵶𖵷𖵸𖵹𜳰𜳱𜳲𜳳𜳴𜳵𜳶𜳷𜳸𜳹𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡𝟢𝟣𝟤𝟥𝟦𝟧𝟨𝟩𝟪𝟫𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵𝟶𝟷𝟸𝟹𝟺𝟻𝟼𝟽𝟾𝟿𞅀𞅁𞅂𞅃𞅄𞅅𞅆𞅇𞅈𞅉𞋰𞋱𞋲𞋳𞋴𞋵𞋶𞋷𞋸𞋹'
              '𞓰𞓱𞓲𞓳𞓴𞓵𞓶𞓷𞓸𞓹𞗱𞗲𞗳𞗴𞗵𞗶𞗷𞗸𞗹𞗺𞥐𞥑𞥒𞥓𞥔𞥕𞥖𞥗𞥘𞥙🯰🯱🯲🯳🯴🯵🯶🯷🯸🯹',
              null
            ),
            pg_catalog.string_to_array(pg_catalog.repeat('0123456789', 74), null)
          ) operator(pg_catalog.->>) letter
        );
      end loop;
      w := pg_catalog.regexp_replace(
        w,
        E'[\\u0001-\\u001f\\u0021-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00a9\\u00ab-\\u00b4'
        '\\u00b6-\\u00b9\\u00bb-\\u00bf\\u00d7\\u00f7\\u1680\\u180e\\u2000-\\u206f\\u20a0-\\u20cf'
        '\\u2190-\\u2bff\\u3000-\\u3004\\u3008-\\u303f\\u30a0\\u30fb\\ufe50-\\ufe6f\\ufeff\\uff01-\\uff0f'
        '\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65\\uffe0-\\uffee]+',
        ' ', 'g'
      );
      -- Accents that stand behind their letter.
      if w operator(pg_catalog.~) E'[\\u0300-\\u036f]' then
        w := pg_catalog.regexp_replace(
          w,
          E'([\\u0061-\\u007a\\u00c0-\\u02af\\u0370-\\u052f\\u1c80-\\u1c8f\\u1d00-\\u1dbf\\u1e00-\\u1eff'
          '\\u2c60-\\u2c7f\\ua640-\\ua69f\\ua720-\\ua7ff\\uab30-\\uab6f])[\\u0300-\\u036f]+',
          E'\\1', 'g'
        );
      end if;
      if w operator(pg_catalog.~) pg_catalog.concat('[', unspaced, ']') then
        -- Two characters at a time, from the first and from the second on, are all pairs. A bar stands between the runs; it
        -- goes together with the character behind it, and so leaves the last character of a run alone.
        runs := pg_catalog.concat('|', pg_catalog.regexp_replace(w, pg_catalog.concat('[^', unspaced, ']+'), '|', 'g'));
        runs := pg_catalog.concat(
          pg_catalog.regexp_replace(runs, '..', E'\\& ', 'g'), ' ',
          pg_catalog.regexp_replace(pg_catalog."right"(runs, -1), '..', E'\\& ', 'g')
        );
        runs := pg_catalog.regexp_replace(runs, '[|].?', ' ', 'g');
        w := pg_catalog.regexp_replace(w, pg_catalog.concat('[', unspaced, ']+'), ' ', 'g');
      end if;
    end;
  end if;
  if pg_catalog.octet_length(w) operator(pg_catalog.>) 2046 then
    w := pg_catalog.regexp_replace(w, '([^ ]{250})[^ ]+', E'\\1', 'g');
  end if;
  if runs is not null then
    w := pg_catalog.concat(w, ' ', runs);
  end if;
  return w::pg_catalog.tsvector;
end
$$;

-- The indexes hold the words of before.
reindex index crm.idx_customers_words;
reindex index crm.idx_leads_words;
reindex index crm.idx_tasks_words;
reindex index crm.idx_interactions_words;

-- An older library would search by its own words, which the indexes no longer hold.
update crm.compatibility set oldest_library = 20261130000005;
