//! Codes of issuing states and organizations: which there are, and which stand for one issuer.
//!
//! Sources: ISO 3166-1 alpha-3; ICAO Doc 9303-3 section 5 for `D`, Kosovo, the British, the organizations', refugees' and
//! stateless persons' codes, and the specimen's `UTO`; ISO 3166-3 for codes withdrawn from use, which documents and lists
//! still carry.
//!
//! Two codes are written for one issuer where a state changed its code or fell apart, and where a passport carries another
//! code than its territory has. A list may have either, so a document is looked up by both; what only the other code meets
//! may be another document, so it is never more than possible.

use core::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Every code, in order, three letters each: they become [`KNOWN`].
const CODES: &str = "\
    ABWAFGAGOAIAALAALBANDANTAREARGARMASMATAATFATGAUSAUTAZEBDIBELBENBESBFABGDBGRBHRBHSBIHBLMBLRBLZBMU\
    BOLBRABRBBRNBTNBURBVTBWACAFCANCCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICSKCUBCUWCXRCYMCYPCZEDDRDEU\
    DJIDMADNKDOMDZAECUEGYERIESHESPESTETHEUEFINFJIFLKFRAFROFSMGABGBDGBNGBOGBPGBRGBSGEOGGYGHAGIBGINGLP\
    GMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRVHTIHUNIAOIDNIMNINDIOTIRLIRNIRQISLISRITAJAMJEYJORJPNKAZ\
    KENKGZKHMKIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDAMDGMDVMEXMHLMKDMLIMLTMMRMNE\
    MNGMNPMOZMRTMSRMTQMUSMWIMYSMYTNAMNCLNERNFKNGANICNIUNLDNORNPLNRUNTZNZLOMNPAKPANPCNPERPHLPLWPNGPOL\
    PRIPRKPRTPRYPSEPYFQATREURKSROMROURUSRWASAUSCGSDNSENSGPSGSSHNSJMSLBSLESLVSMRSOMSPMSRBSSDSTPSUNSUR\
    SVKSVNSWESWZSXMSYCSYRTCATCDTGOTHATJKTKLTKMTLSTMPTONTTOTUNTURTUVTWNTZAUGAUKRUMIUNAUNKUNOURYUSAUTO\
    UZBVATVCTVENVGBVIRVNMVUTWLFWSMXBAXCCXCEXCOXDCXECXESXIMXMPXOMXPOXXAXXBXXCXXXYEMYMDYUGZAFZARZMBZWE";

/// Codes that stand for one issuer, a group a word: `=` all of them for each other, else the first for each of the others.
///
/// | group | why |
/// |---|---|
/// | `=CHNHKGMAC` | passports of Hong Kong and Macau carry CHN |
/// | `=GBR...` | British nationals who are no citizens, and the Crown dependencies, whose passports carry GBR |
/// | `=UNOUNA` | the United Nations' laissez-passer, of the organization or an agency |
/// | others | a code withdrawn from use, then those after it |
const GROUPS: &str = "=CHNHKGMAC =GBRGBDGBNGBOGBPGBSGGYIMNJEY =UNOUNA ANTCUWSXMBES BURMMR CSKCZESVK DDRDEU ROMROU \
    SCGSRBMNERKS SUNRUSUKRBLRMDAESTLVALTUGEOARMAZEKAZKGZTJKTKMUZB TMPTLS YMDYEM YUGSCGSRBMNEHRVSVNBIHMKD ZARCOD";

/// Most other codes of one issuer.
pub const RELATED_MAX: usize = 15;

/// Letters that readers take for each other, a group a word.
const ALIKE: &str = "CG KX EF OQD UV MNH IL PR BR VY TI";

/// An issuing state or organization: one to three letters, as a number that sorts as the letters do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(u16);

impl State {
    /// The largest code, `ZZZ`.
    pub const CODE_MAX: u16 = 26 * 27 * 27 + 26 * 27 + 26;

    /// The one spelling of a code, by the rules of [`crate::document`]; `None` for what is not one to three letters.
    pub fn normal(text: &str) -> Option<Self> {
        let is_blank = |c: &u8| *c == b'<' || c.is_ascii_whitespace();
        let first = text.bytes().position(|c| !is_blank(&c))?;
        let last = text.bytes().rposition(|c| !is_blank(&c))?;
        let letters = &text.as_bytes()[first..=last];
        if letters.len() > 3 || !letters.iter().all(u8::is_ascii_alphabetic) {
            return None;
        }
        let mut upper = [0u8; 3];
        for (to, from) in upper.iter_mut().zip(letters) {
            *to = from.to_ascii_uppercase();
        }
        let upper = match &upper {
            b"D\0\0" => b"DEU",
            b"XKX" => b"RKS",
            other => other,
        };
        let code =
            upper.iter().fold(0u16, |code, &b| code * 27 + if b == 0 { 0 } else { u16::from(b - b'A') + 1 });
        Some(State(code))
    }

    const fn of_letters(text: &[u8], at: usize) -> State {
        let [a, b, c] = [text[at], text[at + 1], text[at + 2]];
        State((a - b'A' + 1) as u16 * 729 + (b - b'A' + 1) as u16 * 27 + (c - b'A' + 1) as u16)
    }

    /// The code: each letter as a digit of base 27, A = 1, padded with 0 to three digits.
    pub fn code(self) -> u16 {
        self.0
    }

    /// The inverse of [`State::code`]; `None` for a number that no letters make.
    pub fn from_code(code: u16) -> Option<Self> {
        let [a, b, c] = [code / 729, code / 27 % 27, code % 27];
        let letters = a != 0 && a <= 26 && (b != 0 || c == 0);
        // `D` and `XKX` have another normal form, so no key holds them.
        (letters && code != 4 * 729 && code != 24 * 729 + 11 * 27 + 24).then_some(State(code))
    }

    /// The letters, 1 to 3.
    pub fn letters(self) -> heapless::String<3> {
        let mut text = heapless::String::new();
        for digit in [self.0 / 729, self.0 / 27 % 27, self.0 % 27] {
            if digit != 0 {
                // At most three letters are pushed, so the capacity always suffices.
                let _ = text.push(char::from(b'A' + (digit - 1).min(25) as u8));
            }
        }
        text
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.letters())
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.letters())
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = heapless::String::<8>::deserialize(deserializer)?;
        State::normal(&text).ok_or_else(|| D::Error::custom("an issuing state is 1 to 3 letters A-Z"))
    }
}

/// Whether `code`, as a zone has it, is a code that an issuer may have: `D<<`, `UTO`.
pub fn is_code(code: &str) -> bool {
    match code.as_bytes() {
        [b'D', fillers @ ..] if fillers.iter().all(|c| *c == b'<') => true,
        letters @ [_, _, _] if letters.iter().all(u8::is_ascii_uppercase) => {
            State::normal(code).is_some_and(is_known)
        }
        _ => false,
    }
}

fn is_known(state: State) -> bool {
    KNOWN.binary_search(&state).is_ok()
}

/// Every code, in order: two bytes each, for a scanner's flash is small.
static KNOWN: [State; CODES.len() / 3] = {
    let mut known = [State(0); CODES.len() / 3];
    let mut at = 0;
    while at < known.len() {
        known[at] = State::of_letters(CODES.as_bytes(), 3 * at);
        at += 1;
    }
    known
};

/// Each code with one that stands for the same issuer, in order.
static PAIRS: [(State, State); pairs().1] = {
    let (all, count) = pairs();
    let mut pairs = [(State(0), State(0)); pairs().1];
    let mut at = 0;
    while at < count {
        pairs[at] = all[at];
        at += 1;
    }
    pairs
};

/// [`GROUPS`] as pairs in order, and how many: worked out when this is compiled, for every lookup asks.
const fn pairs() -> ([(State, State); 256], usize) {
    let text = GROUPS.as_bytes();
    let (mut pairs, mut count) = ([(State(0), State(0)); 256], 0);
    let mut begin = 0;
    while begin < text.len() {
        let all = text[begin] == b'=';
        let first = begin + all as usize;
        let mut end = first;
        while end < text.len() && text[end] != b' ' {
            end += 3;
        }
        let mut one = first;
        while one < end {
            let mut other = first;
            while other < end {
                if one != other && (all || one == first || other == first) {
                    // Put in its place: those after it move up.
                    let pair = (State::of_letters(text, one), State::of_letters(text, other));
                    let mut at = count;
                    while at > 0 && pairs[at - 1].0.0 > pair.0.0 {
                        pairs[at] = pairs[at - 1];
                        at -= 1;
                    }
                    pairs[at] = pair;
                    count += 1;
                }
                other += 3;
            }
            one += 3;
        }
        begin = end + 1;
    }
    (pairs, count)
}

/// The other codes of this code's issuer, at most [`RELATED_MAX`].
pub fn related(state: State) -> impl Iterator<Item = State> {
    let from = PAIRS.partition_point(|(one, _)| *one < state);
    PAIRS[from..].iter().take_while(move |(one, _)| *one == state).map(|(_, other)| *other)
}

/// Shows `visit` the codes of which `read`, which is none, may be a misreading: fillers behind `D` read as letters, or one
/// letter read as another that looks like it.
pub fn look_alikes(read: &str, visit: &mut dyn FnMut(State)) {
    let Ok(letters) = <[u8; 3]>::try_from(read.as_bytes()) else { return };
    let filler = |c: u8| matches!(c, b'<' | b'K' | b'C' | b'E' | b'S' | b'L' | b'X');
    if letters[0] == b'D' && filler(letters[1]) && filler(letters[2]) {
        visit(State::of_letters(b"DEU", 0));
    }
    if !letters.iter().all(u8::is_ascii_uppercase) {
        return;
    }
    for at in 0..3 {
        let groups = ALIKE.as_bytes().split(|c| *c == b' ').filter(|group| group.contains(&letters[at]));
        for other in groups.flatten().filter(|other| **other != letters[at]) {
            let mut code = letters;
            code[at] = *other;
            let code = State::of_letters(&code, 0);
            if is_known(code) {
                visit(code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn state(code: &str) -> State {
        State::normal(code).unwrap()
    }

    fn related_codes(code: &str) -> Vec<State> {
        related(state(code)).collect()
    }

    #[test]
    fn the_codes_are_in_order_and_known() {
        let (codes, rest) = CODES.as_bytes().as_chunks::<3>();
        assert!(codes.is_sorted() && rest.is_empty() && codes.len() == 288);
        for code in ["D<<", "D", "DEU", "UTO", "XKX", "RKS", "XXA", "UNO", "GBD", "ROM", "ZAR", "EUE", "XPO"]
        {
            assert!(is_code(code), "{code}");
        }
        for code in ["", "<<<", "DCC", "DKK", "DK<", "D<K", "UST", "CHM", "UT0", "ENG", "GB", "ZZZ"] {
            assert!(!is_code(code), "{code}");
        }
    }

    #[test]
    fn every_code_of_a_group_is_a_code() {
        for group in GROUPS.split_ascii_whitespace() {
            let letters = group.trim_start_matches('=');
            assert_eq!(letters.len() % 3, 0, "{group}");
            let (codes, _) = letters.as_bytes().as_chunks::<3>();
            assert!(codes.iter().all(|code| is_known(State::of_letters(code, 0))), "{group}");
        }
    }

    #[test]
    fn codes_of_one_issuer_lead_to_each_other() {
        assert_eq!(related_codes("ROM"), [state("ROU")]);
        assert_eq!(related_codes("ROU"), [state("ROM")]);
        assert_eq!(related_codes("HKG"), [state("CHN"), state("MAC")]);
        assert_eq!(related_codes("D"), [state("DDR")]);
        assert_eq!(related_codes("SRB"), [state("SCG"), state("YUG")]);
        assert_eq!(related_codes("UZB"), [state("SUN")]);
        assert!(
            related_codes("SUN").contains(&state("UZB")) && !related_codes("UZB").contains(&state("RUS"))
        );
        assert!(related_codes("GBD").contains(&state("GBR")));
        assert!(related_codes("FRA").is_empty() && related_codes("UTO").is_empty());
        let (codes, _) = CODES.as_bytes().as_chunks::<3>();
        for code in codes {
            let count = related(state(core::str::from_utf8(code).unwrap())).count();
            assert!(count <= RELATED_MAX, "{count}");
        }
    }

    #[test]
    fn a_misread_code_leads_to_those_it_may_be() {
        let meant = |read: &str| {
            let mut codes = Vec::new();
            look_alikes(read, &mut |code| codes.push(code));
            codes
        };
        for read in ["DCC", "DKK", "DK<", "D<K", "D<C", "DSE"] {
            assert_eq!(meant(read).first(), Some(&state("DEU")), "{read}");
        }
        assert!(meant("CHM").contains(&state("CHN")));
        assert!(meant("UKP").contains(&state("UKR")));
        for none in ["ZZZ", "", "CH", "CH0", "CH<", "O<<"] {
            assert!(meant(none).is_empty(), "{none}");
        }
    }
}
