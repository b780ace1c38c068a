//! Nationalities as numbers, and what one read says about those listed.
//!
//! Sources: ICAO Doc 9303-3 section 5 (codes for the stateless, refugees and organisations; X.. are no states of ISO 3166),
//! and ISO 3166-3 for states that are no more.

use super::weights::Fact;

/// A state's code of up to three letters as a number; None for what is no nationality.
///
/// Germany has one letter in a zone, and the United Kingdom six codes by kind of national. `D` and Kosovo's user-assigned
/// `XKX` are folded as documents' states are (`vedette_shim::document`); there the United Kingdom's stay apart, because
/// each kind has its own documents. A state that only changed its name has its new code.
pub(super) fn nation(code: &str) -> Option<u16> {
    let code = code.trim_matches('<');
    let code = match code {
        "D" | "DDR" => "DEU",
        "GBD" | "GBN" | "GBO" | "GBP" | "GBS" => "GBR",
        "XKX" | "UNK" => "RKS",
        "ZAR" => "COD",
        "ROM" => "ROU",
        "BUR" => "MMR",
        "TMP" => "TLS",
        "HVO" => "BFA",
        "DHY" => "BEN",
        "RHO" => "ZWE",
        "VDR" => "VNM",
        "YMD" => "YEM",
        "AFI" => "DJI",
        code => code,
    };
    let letters = code.as_bytes();
    // Stateless, refugees, not stated, the United Nations, the European Union, banks and orders.
    let nobodys = matches!(code, "UNO" | "UNA" | "EUE" | "IAO" | "NTZ") || letters.first() == Some(&b'X');
    if nobodys || letters.is_empty() || letters.len() > 3 || !letters.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    Some(number(letters))
}

const fn number(letters: &[u8]) -> u16 {
    let (mut sum, mut at) = (0u16, 0);
    while at < letters.len() {
        sum = sum * 32 + (letters[at].to_ascii_uppercase() - b'A' + 1) as u16;
        at += 1;
    }
    sum
}

/// States that fell apart, and what came of them.
const FORMER: &[(&[u8; 3], &[&[u8; 3]])] = &[
    (
        b"SUN",
        &[
            b"RUS", b"UKR", b"BLR", b"KAZ", b"UZB", b"KGZ", b"TJK", b"TKM", b"AZE", b"ARM", b"GEO", b"MDA",
            b"LTU", b"LVA", b"EST",
        ],
    ),
    (b"YUG", &[b"SRB", b"MNE", b"SCG", b"HRV", b"SVN", b"BIH", b"MKD", b"RKS"]),
    (b"SCG", &[b"SRB", b"MNE", b"RKS"]),
    (b"CSK", &[b"CZE", b"SVK"]),
    (b"ANT", &[b"NLD", b"CUW", b"SXM", b"BES"]),
    (b"SDN", &[b"SSD"]),
];

/// What a nationality read says about those listed; None when it says nothing.
pub(super) fn compare(read: Option<u16>, listed: &[u16]) -> Option<Fact> {
    let read = read?;
    if listed.is_empty() {
        None
    } else if listed.contains(&read) {
        Some(Fact::NationEqual)
    } else if listed.iter().any(|&listed| of_one_former_state(read, listed)) {
        None
    } else {
        Some(Fact::NationOther)
    }
}

/// Whether one of the two came of the other.
fn of_one_former_state(one: u16, other: u16) -> bool {
    FORMER.iter().any(|(former, heirs)| {
        let former = number(*former);
        let is_heir = |state: u16| heirs.iter().any(|heir| number(*heir) == state);
        (one == former && is_heir(other)) || (other == former && is_heir(one))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_state_written_in_two_ways_is_one_nation() {
        for (one, other) in [("D<<", "DEU"), ("GBN", "GBR"), ("XKX", "RKS"), ("ROM", "ROU"), ("ZAR", "COD")] {
            assert_eq!(nation(one), nation(other), "{one}");
        }
        assert_ne!(nation("RKS"), nation("SRB"));
        assert_eq!(nation("UNKNOWN"), None);
    }

    #[test]
    fn what_is_no_nationality_is_no_evidence_and_heirs_are_none_against() {
        let listed = |code| [nation(code).unwrap()];
        for none in ["", "XXA", "XXB", "XXC", "XXX", "UNO", "UNA", "XOM", "EUE", "XPO", "XBA"] {
            assert_eq!(compare(nation(none), &listed("RUS")), None, "{none}");
        }
        assert_eq!(compare(nation("SCG"), &listed("SRB")), None);
        assert_eq!(compare(nation("KAZ"), &listed("SUN")), None);
        assert_eq!(compare(nation("YUG"), &listed("ROU")), Some(Fact::NationOther));
        assert_eq!(compare(nation("RUS"), &listed("RUS")), Some(Fact::NationEqual));
        assert_eq!(compare(nation("RUS"), &[]), None);
    }
}
