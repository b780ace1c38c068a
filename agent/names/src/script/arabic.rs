//! Arabic letters of Arabic, Persian, Urdu, Pashto, Kurdish, Uyghur and Sindhi: how they sound.
//!
//! Source: ICAO Doc 9303 part 3, section 6 C, where each letter's escape names its sound (XSH is SH). Passports of
//! Arabic states print a transcription and never the escapes. Short vowels are not written, and the matcher knows a
//! name without any (MHMD); vowel signs, the shadda and the tatweel are left out, since the matcher folds doubles.

use super::packed::packed;

const LETTERS: &str = "اآأىٱعةۃە=A بٻ=B ڀ=BH تٹټٽط=T ثٿٺ=TH ج=J ڄ=J چڇ=CH حھهہۀۂ=H خ=KH دڈډڊضڎڏ=D ذڌ=DH رڑړڕڙ=R زظ=Z \
ژږ=ZH ځ=DZ څ=TS سص=S شښڜ=SH غ=GH فڢ=F ڦ=PH قڧ=Q كکڪ=K گګڳڨ=G ڭڱڠ=NG لڵ=L م=M نںڼڻڽ=N وۋ=W ڤۏ=V يیۍېےۓ=Y ێۉ=E \
إئ=I ؤۇۈ=U ۆۅ=O پ=P ڃ=NY ء=";

/// Appends the reading of a word.
pub(super) fn read(word: &[char], out: &mut String) {
    word.iter().for_each(|&letter| out.push_str(packed(LETTERS, letter).unwrap_or("")));
}
