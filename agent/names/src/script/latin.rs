//! Latin letters of all alphabets: European, Turkic, Vietnamese, African.
//!
//! Source: ICAO Doc 9303 part 3, section 6 A, for what it names (Ä is AE, Þ is TH, Ñ is N); a letter that it does not
//! name is the plain letter under its marks.

use super::packed::packed;

const LETTERS: &str = "ÀÁÂÃĀĂĄǍǠȀȂȦȺḀẠẢẤẦẨẪẬẮẰẲẴẶⱭ=A ÅǺ=AA ÄÆǞǢǼ=AE ƁƂɃḂḄḆ=B ÇĆĈĊČƇȻḈ=C ÐĎĐƉƊƋḊḌḎḐḒẟ=D ǄǱ=DZ \
ÈÉÊËĒĔĖĘĚƎƏƐȄȆȨɆḔḖḘḚḜẸẺẼẾỀỂỄỆ=E ƑḞ=F ĜĞĠĢƓƔǤǦǴȜḠꞬ=G Ƣ=GH ĤĦȞḢḤḦḨḪⱧⱵꞪ=H Ƕ=HV ÌÍÎÏĨĪĬĮİƖƗǏȈȊḬḮỈỊ=I Ĳ=IJ ĴɈ=J \
ĶĸƘǨḰḲḴⱩ=K ĹĻĽĿŁȽḶḸḺḼⱠⱢ=L Ǉ=LJ Ỻ=LL ḾṀṂⱮ=M ÑŃŅŇŊƝǸȠṄṆṈṊ=N Ǌ=NJ ÒÓÔÕŌŎŐƆƟƠǑǪǬȌȎȬȮȰṌṐṒỌỎỐỒỔỖỘỚỜỞỠỢ=O ÖØŒǾȪṎ=OE Ȣ=OU \
ƤṔṖⱣ=P Ɋ=Q ŔŖŘȐȒɌƦṘṚṜṞⱤ=R ŚŜŞŠƧȘṠṢṤṦṨẜẝⱾ=S Ʃ=SH ẞ=SS ŢŤŦƬƮȚȾṪṬṮṰ=T Þ=TH ÙÚÛŨŪŬŮŰŲƜƯƱǓȔȖɄṲṴṶṸỤỦỨỪỬỮỰ=U ÜǕǗǙǛṺ=UE \
ƲɅṼṾỼ=V ŴǷẀẂẄẆẈⱲ=W ẊẌ=X ÝŶŸƳȲɎẎỲỴỶỸỾ=Y ŹŻŽƵƷƸǮȤẐẒẔⱫⱿ=Z";

/// What ISO 9:1995 writes for Cyrillic letters, as ICAO writes them; no other spelling has these letters together.
const ISO_9: &str = "Â=IA Č=CH È=E Ë=E Ŝ=SHCH Š=SH Û=IU Ž=ZH";

/// Whether a word is a Cyrillic one by ISO 9: it has Ŝ, or Â or Û (for Я and Ю) beside letters with a caron.
fn is_iso_9(word: &[char]) -> bool {
    let has = |letters: &[char]| word.iter().any(|letter| letters.contains(letter));
    has(&['Ŝ']) || has(&['Â', 'Û']) && has(&['Č', 'Š', 'Ž'])
}

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    let iso_9 = is_iso_9(word);
    for &letter in word {
        let own = if iso_9 { packed(ISO_9, letter) } else { None };
        let mut ascii = [0; 4];
        let reading = match letter {
            'A'..='Z' => letter.encode_utf8(&mut ascii),
            _ => own.or_else(|| packed(LETTERS, letter)).unwrap_or(""),
        };
        // Another mark upon these letters changes nothing.
        out.push_str(match reading {
            "C" if iso_9 => "TS",
            "H" if iso_9 => "KH",
            "J" if iso_9 => "I",
            _ => reading,
        });
    }
}
