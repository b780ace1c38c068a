//! Hebrew names, which are written without their vowels: common given names and family names with theirs, and for all
//! others the readings of B, K and P where the letter alone leaves two.
//!
//! Source of the names: common knowledge; spelt as the Israeli population registry does for the most part.

use super::parts::Parts;

const NAMES: &str = "אברהם=AVRAHAM יצחק=YITZHAK יעקב=YAAKOV יוסף=YOSEF משה=MOSHE אהרן=AHARON אהרון=AHARON דוד=DAVID שלמה=SHLOMO שמואל=SHMUEL \
יהודה=YEHUDA בנימין=BINYAMIN ראובן=REUVEN שמעון=SHIMON לוי=LEVI יששכר=ISSACHAR זבולון=ZEVULUN דן=DAN גד=GAD אשר=ASHER נפתלי=NAFTALI אליהו=ELIYAHU \
אלישע=ELISHA ישעיהו=YESHAYAHU ירמיהו=YIRMIYAHU יחזקאל=YEHEZKEL דניאל=DANIEL מיכאל=MICHAEL גבריאל=GAVRIEL רפאל=RAFAEL אוריאל=URIEL יהושע=YEHOSHUA \
יואב=YOAV אבנר=AVNER אלון=ALON אורי=URI אריאל=ARIEL אריה=ARYEH ברוך=BARUCH חיים=HAIM מרדכי=MORDECHAI מנחם=MENACHEM נחום=NAHUM נתן=NATAN \
נתנאל=NETANEL עמוס=AMOS עזרא=EZRA פנחס=PINHAS צבי=ZVI רון=RON שאול=SHAUL שמחה=SIMHA תומר=TOMER עומר=OMER עידו=IDO גיא=GUY גיל=GIL אייל=EYAL \
איתן=EITAN איתמר=ITAMAR אלעד=ELAD אסף=ASAF גדעון=GIDEON דב=DOV זאב=ZEEV חנוך=HANOCH ישראל=YISRAEL יונתן=YONATAN יורם=YORAM ירון=YARON ליאור=LIOR \
מאיר=MEIR נדב=NADAV נועם=NOAM עוז=OZ עמית=AMIT ערן=ERAN צחי=TZAHI קובי=KOBI רז=RAZ שי=SHAI שגיא=SAGI תמיר=TAMIR \
שרה=SARA רבקה=RIVKA רחל=RACHEL לאה=LEA מרים=MIRIAM חנה=HANNA אסתר=ESTHER רות=RUTH נעמי=NAOMI יעל=YAEL תמר=TAMAR דינה=DINA דבורה=DVORA מיכל=MICHAL \
נועה=NOA שירה=SHIRA טליה=TALIA מאיה=MAYA ענת=ANAT אורית=ORIT רונית=RONIT גלית=GALIT סיגל=SIGAL אילנה=ILANA יהודית=YEHUDIT חוה=HAVA פנינה=PNINA צפורה=TZIPORA \
כהן=COHEN מזרחי=MIZRAHI פרץ=PERETZ ביטון=BITON דהן=DAHAN אזולאי=AZULAY אוחיון=OHAYON גבאי=GABAY חדד=HADAD פרידמן=FRIDMAN גולדברג=GOLDBERG \
כץ=KATZ רוזנברג=ROSENBERG שפירא=SHAPIRA סבג=SABAG עמר=AMAR אדרי=EDRI וקנין=VAKNIN מלכה=MALKA אשכנזי=ASHKENAZI הלוי=HALEVI";

/// The readings of a name: with its vowels where it is known, and both ways to read what is not.
pub(super) fn readings(parts: &Parts) -> Vec<Parts> {
    let each = |read: fn(&str) -> String| (read(&parts.0), read(&parts.1));
    vec![each(known), each(hard), each(soft)]
}

fn by_word(text: &str, read: impl Fn(&str) -> String) -> String {
    text.split([' ', '-', '\u{5BE}']).map(read).collect::<Vec<_>>().join(" ")
}

fn known(text: &str) -> String {
    by_word(text, |word| {
        let name = NAMES.split(' ').find_map(|entry| entry.strip_prefix(word)?.strip_prefix('='));
        name.unwrap_or(word).to_owned()
    })
}

/// B, K and P everywhere: a dagesh in each of the three letters.
fn hard(text: &str) -> String {
    by_word(text, |word| word.replace('ב', "ב\u{5BC}").replace('כ', "כ\u{5BC}").replace('פ', "פ\u{5BC}"))
}

/// V, KH and F everywhere but at a word's beginning: a rafe in each of the three letters.
fn soft(text: &str) -> String {
    by_word(text, |word| {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().collect();
        let marked = |letter: char| format!("{letter}\u{5BF}");
        let rest = letters.as_str();
        first
            + &['ב', 'כ', 'פ']
                .iter()
                .fold(rest.to_owned(), |text, &letter| text.replace(letter, &marked(letter)))
    })
}
