//! Alphabets that are read letter by letter, or nearly: Greek, Georgian, Armenian, Hebrew.
//!
//! Sources: ELOT 743 (ISO 843 type 2) as in Greek and Cypriot passports; Georgia's national system of 2002; the
//! passports of Armenia (BGN/PCGN without apostrophes); the Israeli Academy's simplified rules of 2006, which the
//! population registry follows.

use super::packed::packed;

const GREEK: &str = "ΑΆἈἉἊἋἌἍἎἏᾸᾹᾺᾼ=A Β=V Γ=G Δ=D ΕΈἘἙἚἛἜἝῈ=E Ζ=Z ΗΉἨἩἪἫἬἭἮἯῊῌ=I Θ=TH ΙΊΪἸἹἺἻἼἽἾἿῘῙῚ=I Κ=K Λ=L Μ=M Ν=N Ξ=X \
ΟΌὈὉὊὋὌὍῸ=O Π=P ΡῬ=R ΣϹ=S Τ=T ΥΎΫὙὛὝὟῨῩῪ=Y Φ=F Χ=CH Ψ=PS ΩΏὨὩὪὫὬὭὮὯῺῼ=O ͶϜ=V Ϙ=K Ϟ=K Ϛ=ST Ϡ=S Ϸ=SH Ϻ=S Ϳ=I \
ϴ=TH";

const ETAS: &str = "ΗΉἨἩἪἫἬἭἮἯῊῌ";
const OMEGAS: &str = "ΩΏὨὩὪὫὬὭὮὯῺῼ";

/// Appends the reading of a Greek word.
pub(super) fn greek(word: &[char], out: &mut String) {
    let plain = |at: usize| word.get(at).and_then(|&letter| packed(GREEK, letter)).unwrap_or("");
    for (at, &letter) in word.iter().enumerate() {
        let (before, next) = (if at > 0 { plain(at - 1) } else { "" }, plain(at + 1));
        // A letter with the dialytika stands for itself.
        let upsilon = plain(at) == "Y" && letter != 'Ϋ';
        let after = |letters: &str| at > 0 && letters.contains(word[at - 1]);
        match (plain(at), before) {
            (_, "O") if upsilon && !after(OMEGAS) => out.push('U'),
            (_, "A" | "E") if upsilon => out.push(voice(next)),
            (_, "I") if upsilon && after(ETAS) => out.push(voice(next)),
            ("G", _) if matches!(next, "G" | "X" | "CH") => out.push('N'),
            ("M", "") if next == "P" => {}
            ("P", "M") if at == 1 => out.push('B'),
            (reading, _) => out.push_str(reading),
        }
    }
}

/// The upsilon of ΑΥ, ΕΥ and ΗΥ: F before a voiceless letter and at the end, else V.
fn voice(next: &str) -> char {
    if matches!(next, "" | "TH" | "K" | "X" | "P" | "S" | "T" | "F" | "CH" | "PS") { 'F' } else { 'V' }
}

const GEORGIAN: &str = "ა=A ბ=B გ=G დ=D ეჱ=E ვ=V ზ=Z თტ=T იჲ=I კქ=K ლ=L მ=M ნჼ=N ოჵ=O პფ=P ჟ=ZH რ=R ს=S უ=U ღჴჸ=GH ყ=Q შ=SH \
ჩჭ=CH ცწ=TS ძ=DZ ხ=KH ჯ=J ჰ=H ჳ=W ჶ=F ჷჺ=E ჹ=G";

/// Appends the reading of a Georgian word.
pub(super) fn georgian(word: &[char], out: &mut String) {
    word.iter().for_each(|&letter| out.push_str(packed(GEORGIAN, letter).unwrap_or("")));
}

const ARMENIAN: &str = "Ա=A Բ=B Գ=G Դ=D Ե=E Զ=Z Է=E Ը=Y Թ=T Ժ=ZH Ի=I Լ=L Խ=KH Ծ=TS Կ=K Հ=H Ձ=DZ Ղ=GH Ճ=CH Մ=M Յ=Y Ն=N Շ=SH Ո=O \
Չ=CH Պ=P Ջ=J Ռ=R Ս=S Վ=V Տ=T Ր=R Ց=TS Ւ=V Փ=P Ք=K Օ=O Ֆ=F";

/// Appends the reading of an Armenian word.
pub(super) fn armenian(word: &[char], out: &mut String) {
    for (at, &letter) in word.iter().enumerate() {
        match letter {
            'Ե' if at == 0 => out.push_str("YE"),
            'Ո' if word.get(at + 1) == Some(&'Ւ') => out.push('U'),
            'Ո' if at == 0 => out.push_str("VO"),
            'Ւ' if at > 0 && word[at - 1] == 'Ո' => {}
            _ => out.push_str(packed(ARMENIAN, letter).unwrap_or("")),
        }
    }
}

const HEBREW: &str = "ג=G ד=D ז=Z ח=H ט=T ל=L מם=M נן=N ס=S צץ=TZ ק=K ר=R ש=SH ת=T \u{5B4}=I \u{5B5}\u{5B6}\u{5B1}=E \
\u{5B7}\u{5B8}\u{5B2}=A \u{5B9}\u{5BA}\u{5B3}\u{5C7}=O \u{5BB}=U";
const DAGESH: char = '\u{5BC}';
/// Says that B, K or P is soft.
const RAFE: char = '\u{5BF}';
const HOLAM: char = '\u{5B9}';
const SIN_DOT: char = '\u{5C2}';

/// Appends the reading of a Hebrew word. Vowels are rarely written: Vav and Yod tell some, and Alef and Ayin are read
/// as A, which most of them carry in names.
pub(super) fn hebrew(word: &[char], out: &mut String) {
    let is_letter = |letter: char| ('\u{5D0}'..='\u{5EA}').contains(&letter);
    let is_mother = |letter: char| matches!(letter, 'א' | 'ה' | 'ו' | 'י' | 'ע');
    let mut before = '<'; // the letter before, signs left out
    for (at, &letter) in word.iter().enumerate() {
        let rest = &word[at + 1..];
        let signs = rest.iter().take_while(|&&sign| !is_letter(sign));
        let (mut hard, mut soft, mut sin, mut vowel) = (false, false, false, false);
        for &sign in signs {
            hard |= sign == DAGESH;
            soft |= sign == RAFE;
            sin |= sign == SIN_DOT;
            vowel |= !matches!(sign, DAGESH | RAFE | SIN_DOT | '\u{5C1}');
        }
        let next = rest.iter().copied().find(|&other| is_letter(other));
        let soft = soft || !hard && (next.is_none() || is_mother(before));
        let first = before == '<';
        match letter {
            'א' | 'ע' if vowel => {}
            'א' | 'ע' => out.push('A'),
            'ב' => out.push(if soft { 'V' } else { 'B' }),
            'כ' | 'ך' => out.push_str(if soft { "KH" } else { "K" }),
            'פ' | 'ף' => out.push(if soft && !first { 'F' } else { 'P' }),
            'ה' if next.is_none() && !first && !is_letter(word[at - 1]) => {}
            'ה' => out.push(if next.is_none() && !first && !vowel { 'A' } else { 'H' }),
            'ו' if hard => out.push('U'),
            'ו' if rest.first() == Some(&HOLAM) => {} // the sign says it
            'ו' if before == 'ו' && !vowel => {}
            'ו' if first || vowel || next == Some('ו') || rest == ['י'] || is_mother(before) => {
                out.push('V')
            }
            'ו' => out.push('O'),
            'י' if before == 'י' => {}
            'י' => out.push(if first || next.is_some_and(is_mother) { 'Y' } else { 'I' }),
            'ש' if sin => out.push('S'),
            _ => out.push_str(packed(HEBREW, letter).unwrap_or("")),
        }
        if is_letter(letter) {
            before = letter;
        }
    }
}
