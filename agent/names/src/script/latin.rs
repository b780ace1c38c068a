//! Latin letters of all alphabets: European, Turkic, Vietnamese, African.
//!
//! Source: ICAO Doc 9303 part 3, section 6 A, for what it names (Ä is AE, Þ is TH, Ñ is N); a letter that it does not
//! name is the plain letter under its marks.

use super::packed;

const LETTERS: &str = "ÀÁÂÃĀĂĄǍǠȀȂȦȺḀẠẢẤẦẨẪẬẮẰẲẴẶⱭ=A ÅǺ=AA ÄÆǞǢǼ=AE ƁƂɃḂḄḆ=B ÇĆĈĊČƇȻḈ=C ÐĎĐƉƊƋḊḌḎḐḒẟ=D ǄǱ=DZ \
ÈÉÊËĒĔĖĘĚƎƏƐȄȆȨɆḔḖḘḚḜẸẺẼẾỀỂỄỆ=E ƑḞ=F ĜĞĠĢƓƔǤǦǴȜḠꞬ=G Ƣ=GH ĤĦȞḢḤḦḨḪⱧⱵꞪ=H Ƕ=HV ÌÍÎÏĨĪĬĮİƖƗǏȈȊḬḮỈỊ=I Ĳ=IJ ĴɈ=J \
ĶĸƘǨḰḲḴⱩ=K ĹĻĽĿŁȽḶḸḺḼⱠⱢ=L Ǉ=LJ Ỻ=LL ḾṀṂⱮ=M ÑŃŅŇŊƝǸȠṄṆṈṊ=N Ǌ=NJ ÒÓÔÕŌŎŐƆƟƠǑǪǬȌȎȬȮȰṌṐṒỌỎỐỒỔỖỘỚỜỞỠỢ=O ÖØŒǾȪṎ=OE Ȣ=OU \
ƤṔṖⱣ=P Ɋ=Q ŔŖŘȐȒɌƦṘṚṜṞⱤ=R ŚŜŞŠƧȘṠṢṤṦṨẜẝⱾ=S Ʃ=SH ẞ=SS ŢŤŦƬƮȚȾṪṬṮṰ=T Þ=TH ÙÚÛŨŪŬŮŰŲƜƯƱǓȔȖɄṲṴṶṸỤỦỨỪỬỮỰ=U ÜǕǗǙǛṺ=UE \
ƲɅṼṾỼ=V ŴǷẀẂẄẆẈⱲ=W ẊẌ=X ÝŶŸƳȲɎẎỲỴỶỸỾ=Y ŹŻŽƵƷƸǮȤẐẒẔⱫⱿ=Z";

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    for &letter in word {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            out.push_str(packed(LETTERS, letter).unwrap_or(""));
        }
    }
}
