//! Readings of names, script by script, and what holds for all of them.

use super::super::normalise::tokens;
use super::*;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

fn read_as(text: &str, language: Language) -> String {
    tokens(text, language).join(" ")
}

fn plain(text: &str) -> String {
    read_as(text, Language::Unknown)
}

fn check(vectors: &[(&str, &str)]) {
    for (text, expected) in vectors {
        assert_eq!(plain(text), *expected, "{text}");
        let (composed, apart): (String, String) = (text.nfc().collect(), text.nfd().collect());
        assert_eq!(plain(&composed), *expected, "{text} composed");
        assert_eq!(plain(&apart), *expected, "{text} decomposed");
    }
}

#[test]
fn latin_letters_of_all_alphabets() {
    check(&[
        ("Åsa Müller-Øst", "AASA MUELLER OEST"),
        ("Straße GROẞ", "STRASSE GROSS"),
        ("Þorvaldsdóttir Guðríður", "THORVALDSDOTTIR GUDRIDUR"),
        ("Kılıçdağlı Işıl İnci", "KILICDAGLI ISIL INCI"),
        ("Nguyễn Thị Hồng Hạnh", "NGUYEN THI HONG HANH"),
        ("Đặng Quốc Dũng Tường Vy", "DANG QUOC DUNG TUONG VY"),
        ("Məmmədəliyeva", "MEMMEDELIYEVA"),
        ("Ọlátúnjí Adébọ̀wálé", "OLATUNJI ADEBOWALE"),
        ("Ɗanjuma Ƙasimu ʼYar Ƴaradua", "DANJUMA KASIMU YAR YARADUA"),
        ("Għaxaq Ċensu Ħamrun", "GHAXAQ CENSU HAMRUN"),
        ("Čeŋŋ Ŧorvald Ánte", "CENN TORVALD ANTE"),
        ("Łódź Dvořáčková Ţurcanu Ștefăniță", "LODZ DVORACKOVA TURCANU STEFANITA"),
        ("Ḥamīdullāh ʿAbd al-Ṣabūr", "HAMIDULLAH ABD AL SABUR"),
        ("Svâtiŝina Vâžatyh Brûlé Châtelain", "SVIATISHCHINA VIAZHATYKH BRULE CHATELAIN"),
        ("Lǚ Ǖ", "LUE UE"),
        ("MUNXXOZ MUXXLLER", "MUNOZ MULLER"),
        ("ＴＡＮＡＫＡ ｋｅｎ", "TANAKA KEN"),
        ("BROECK\u{AD}HOVEN JO\u{200B}RIS VAN\u{A0}DEN", "BROECKHOVEN JORIS VAN DEN"),
        ("ǅamila ﬁ Ĳssel", "DZAMILA FI IJSSEL"),
    ]);
}

#[test]
fn cyrillic_by_language() {
    check(&[
        ("Щукин Юрий", "SHCHUKIN IURII"),
        ("Їжак Гнатюк", "YIZHAK HNATIUK"),
        ("Жарко Чолић Ђурић", "ZARKO COLIC DURIC"),
        ("Зайцевский Андре́й", "ZAITSEVSKII ANDREI"),
        ("Қасымтөреұлы Ғабидолла", "KASYMTOREULY GABIDOLLA"),
        ("Өмүрзакова Жыпаргүл", "OMURZAKOVA ZHYPARGUL"),
        ("Ҳоҷимуродов Ҷамшед", "HOJIMURODOV JAMSHED"),
        ("Ўктамов Ғайрат", "UKTAMOV GAIRAT"),
        ("Ўладзімір Грынь", "ULADZIMIR HRYN"),
        ("Бөхбаяр Өлзийсайхан", "BOKHBAIAR OLZIISAIKHAN"),
        ("Әлфия Һади Җәмилә", "ALFIIA HADI ZHAMILA"),
    ]);
    assert_eq!(read_as("Щукин", Language::Bulgarian), "SHTUKIN");
    assert_eq!(read_as("Гнатюк Юрій", Language::Ukrainian), "HNATIUK YURII");
}

#[test]
fn arabic_letters_sound() {
    check(&[
        ("شريف", "SHRYF"),
        ("محمّد", "MHMD"),
        ("فاطمة", "FATMA"),
        ("مؤمن رئيس إبراهيم أحمد آدم", "MUMN RIYS IBRAHYM AHMD ADM"),
        ("چوہدری گل", "CHWHDRY GL"),
        ("حسن\u{200C}زاده", "HSNZADH"),
        ("ئازاد ڕێبوار", "IAZAD REBWAR"),
    ]);
}

#[test]
fn greek_armenian_georgian_hebrew() {
    check(&[
        ("Παπαδογιαννόπουλος Χρήστος", "PAPADOGIANNOPOULOS CHRISTOS"),
        ("Ευαγγελία Αυγερινός Μπούρας", "EVANGELIA AVGERINOS BOURAS"),
        ("Ευτυχία Λαμπράκη Τσιώτας", "EFTYCHIA LAMPRAKI TSIOTAS"),
        ("Μαΐου Προϋπάρχων", "MAIOU PROYPARCHON"),
        ("ბერიძაშვილი გიორგი", "BERIDZASHVILI GIORGI"),
        ("ᲬᲔᲠᲔᲗᲔᲚᲘ", "TSERETELI"),
        ("Հովսեփյան Գարեգին", "HOVSEPYAN GAREGIN"),
        ("Երևանցի Ուլիխանյան Ոսկան", "YEREVANTSI ULIKHANYAN VOSKAN"),
        ("שפירנבוים יצחק", "SHPIRNBOIM YTZHK"),
        ("אברהם כהן לוי", "AVRHM KHN LVI"),
        ("דָּוִד שָׂרָה", "DAVID SARA"),
    ]);
}

#[test]
fn scripts_of_india() {
    check(&[
        ("चट्टोपाध्याय", "CHATTOPADHYAY"),
        ("नरेंद्र राजकुमार", "NARENDRA RAJKUMAR"),
        ("कमलेश सरस्वती ज़ाकिर", "KAMLESH SARASVATI ZAKIR"),
        ("চট্টোপাধ্যায় প্রসেনজিৎ", "CHATTOPADHYAY PRASENJIT"),
        ("বিশ্বাস যতীন চৌধুরী", "BISHWAS JATIN CHAUDHURI"),
        ("ਹਰਪ੍ਰੀਤ ਸਿੰਘ", "HARAPRIT SINGH"),
        ("પટેલ", "PATEL"),
        ("முருகன் கோபால்", "MURUKAN KOPAL"),
        ("వెంకటేశ్వర", "VENKATESHVARA"),
        ("ശ്രീകുമാർ", "SHRIKUMAR"),
        ("ජයවර්ධන කෝට්ටේ", "JAYAVARDHANA KOTTE"),
    ]);
}

#[test]
fn thai_and_lao() {
    check(&[
        ("ศรีวัฒนานนท์", "SRIWATNANON"),
        ("ประพันธ์ สมชาย ณรงค์", "PRAPAN SOMCHAI NARONG"),
        ("สมบัติ ถนอม ภูมิพล", "SOMBAT TANOM PUMIPON"),
        ("ทองดี เพ็ญ หมอชิต", "TONGDI PEN MOCHIT"),
        ("ວຽງຄຳ", "WIANGKAM"),
    ]);
}

#[test]
fn ethiopic_hangul_kana() {
    check(&[
        ("ተስፋዬ ብርሃኑ", "TESFAYE BIRHANU"),
        ("ገብረመድህን ኃይለ", "GEBREMEDHIN HAYLE"),
        ("곽동혁", "GWAK DONGHYEOK"),
        ("김 민수", "KIM MINSU"),
        ("이", "LEE"),
        ("남궁민수", "NAMGUNG MINSU"),
        ("ナカグスク ケンゾウ", "NAKAGUSUKU KENZO"),
        ("きょうこ ジュンイチ はっとり", "KYOKO JUNICHI HATTORI"),
        ("ナンバ フェルナンド ヴァレ", "NAMBA FERUNANDO VARE"),
        ("おおの ゆうき", "ONO YUKI"),
    ]);
}

/// Letters that are meant to be silent: signs, a hamza, soft signs, the palochka, a long vowel's mark.
fn is_meant_to_be_silent(letter: char) -> bool {
    "ءЬьҌҍӀӏーっッゝゞ゙゚".contains(letter)
        || matches!(script_of(letter), Some(Script::Indic | Script::Thai | Script::Hebrew))
}

#[test]
fn no_letter_of_a_covered_script_is_left_out() {
    // Whole alphabets as their users list them.
    const ALPHABETS: &str = "ABCÇDEƏFGĞHXIİJKQLMNOÖPRSŞTUÜVYZ ÁÄČĎÉÍĹĽŇÓÔŔŠŤÚÝŽ ĄĆĘŁŃÓŚŹŻ ĂÂÎȘȚ ŐŰ ĀČĒĢĪĶĻŅŠŪŽ ĖĮŲ ÆØÅÐÞ \
        ĊĠĦŻ ÁĐŊŠŦŽ ƏẸỌṢ ƁƊƘƳ ẴẲẮẰẶẪẨẤẦẬỄỂẾỀỆỖỔỐỒỘỠỞỚỜỢỮỬỨỪỰƠƯĐ ŴŶ ŻŁ ĴĈĜĤŜŬ ĲŸ ÃÕ ƐƆŊƔ \
        АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЭЮЯ ҐЄІЇ Ў ЂЈЉЊЋЏ ЃЅЌ ӘҒҚҢӨҰҮҺІ ӨҮҢ ҒӢҚӮҲҶ ЎҚҒҲ ӘҖҢӨҮҺ ҘҠҪҺҢ ӐӖҪӲ ӒӦӰӸ \
        ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΆΈΉΊΌΎΏΪΫ აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ \
        אבגדהוזחטיכלמנסעפצקרשתךםןףץ ابتثجحخدذرزسشصضطظعغفقكلمنهويپچژگکیٹڈڑںھہےۆێڕڵڤټځڅډړږښګڼۍې";
    for letter in ALPHABETS.chars().filter(|letter| !letter.is_whitespace()) {
        for case in [letter.to_string(), letter.to_lowercase().collect()] {
            assert!(!plain(&case).is_empty(), "{case}");
        }
    }
    // Every letter of the blocks of living alphabets.
    for code in (0xC0..0x250)
        .chain(0x410..0x530)
        .chain(0x1E00..0x1F00)
        .chain(0x10D0..0x10F1)
        .chain(0xAC00..0xD7A4)
        .chain(0x1200..0x135B)
        .chain(0x3041..0x3097)
        .chain(0x30A1..0x30FB)
    {
        let Some(letter) = char::from_u32(code).filter(|letter| letter.is_alphabetic()) else { continue };
        let dead = matches!(code, 0x184..=0x185 | 0x18D | 0x19B | 0x1AA..=0x1AB | 0x1BA..=0x1BF | 0x1C0..=0x1C3 | 0x221 | 0x234..=0x239 | 0x241..=0x242 | 0x460..=0x481);
        // Of the Ethiopic block some numbers are no letters, and the glottal stop's are vowels.
        assert!(
            dead || is_meant_to_be_silent(letter) || !plain(&letter.to_string()).is_empty(),
            "{letter} {code:04X}"
        );
    }
}

/// Words of one script each: a mark of one upon a letter of another is no name.
fn name() -> impl Strategy<Value = String> {
    let classes = [
        "[A-Za-zÀ-ɏ]",
        "[Ḁ-ỿ]",
        "[Ͱ-Ͽ]",
        "[ἀ-῾]",
        "[Ѐ-ԯ]",
        "[Ա-և]",
        "[א-ת]",
        "[ء-ۓ]",
        "[ऀ-ॿ]",
        "[ঀ-৿]",
        "[஀-௿]",
        "[ಀ-೿]",
        "[ก-๎]",
        "[ა-ჰ]",
        "[가-힣]",
        "[ሀ-ፚ]",
        "[ぁ-ヺ]",
        "[,'-]",
    ];
    let word = proptest::sample::select(classes.to_vec())
        .prop_flat_map(|class| proptest::collection::vec(class, 1..8).prop_map(|letters| letters.concat()));
    proptest::collection::vec(word, 0..5).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn composed_and_decomposed_names_are_the_same(text in name()) {
        let (composed, apart): (String, String) = (text.nfc().collect(), text.nfd().collect());
        prop_assert_eq!(plain(&composed), plain(&apart));
    }

    #[test]
    fn reading_what_was_read_changes_nothing(text in name()) {
        let once = plain(&text);
        prop_assert_eq!(plain(&once), once);
    }
}

#[test]
fn marks_that_change_no_reading_change_no_digraph_and_no_language() {
    for (text, read) in [("Ε\u{1FE8}ΓΕΝ", "EVGEN"), ("ΣΏΥΡ", "SOYR"), ("ҐӢР", "GIR")] {
        let apart: String = text.nfd().collect();
        assert_eq!((plain(text), plain(&apart)), (read.to_string(), read.to_string()), "{text}");
    }
}
