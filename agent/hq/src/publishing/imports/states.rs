//! States as lists name them -> the ICAO three-letter codes by which passports do.
//!
//! Lists write two letters, three letters, a state's name or the adjective. The table holds ISO 3166-1 with the
//! names in common use and the adjectives; ICAO Doc 9303-3 section 5 adds GBD, GBN, GBO, GBP, GBS and RKS, and D for Germany.

/// `two three name|other name|adjective`, one state a line.
const STATES: &str = "\
AD AND Andorra|Andorran
AE ARE United Arab Emirates|UAE|Emirati
AF AFG Afghanistan|Afghan
AG ATG Antigua and Barbuda
AI AIA Anguilla
AL ALB Albania|Albanian
AM ARM Armenia|Armenian
AO AGO Angola|Angolan
AR ARG Argentina|Argentine|Argentinian
AT AUT Austria|Austrian
AU AUS Australia|Australian
AW ABW Aruba
AZ AZE Azerbaijan|Azerbaijani
BA BIH Bosnia and Herzegovina|Bosnia-Herzegovina|Bosnian
BB BRB Barbados
BD BGD Bangladesh|Bangladeshi
BE BEL Belgium|Belgian
BF BFA Burkina Faso|Burkinabe
BG BGR Bulgaria|Bulgarian
BH BHR Bahrain|Bahraini
BI BDI Burundi|Burundian
BJ BEN Benin|Beninese
BM BMU Bermuda
BN BRN Brunei|Brunei Darussalam|Bruneian
BO BOL Bolivia|Plurinational State of Bolivia|Bolivian
BR BRA Brazil|Brazilian
BS BHS Bahamas|The Bahamas|Bahamian
BT BTN Bhutan|Bhutanese
BW BWA Botswana
BY BLR Belarus|Belarusian|Belarussian|Byelorussian
BZ BLZ Belize|Belizean
CA CAN Canada|Canadian
CD COD Congo, Democratic Republic of the|Democratic Republic of the Congo|Congo (Kinshasa)|DRC
CF CAF Central African Republic|Central African
CG COG Congo|Republic of the Congo|Congo, Republic of the|Congo (Brazzaville)|Congolese
CH CHE Switzerland|Swiss
CI CIV Cote d'Ivoire|Côte d'Ivoire|Ivory Coast|Ivorian
CL CHL Chile|Chilean
CM CMR Cameroon|Cameroonian
CN CHN China|People's Republic of China|Chinese
CO COL Colombia|Colombian
CR CRI Costa Rica|Costa Rican
CU CUB Cuba|Cuban
CV CPV Cape Verde|Cabo Verde|Cape Verdean
CY CYP Cyprus|Cypriot
CZ CZE Czech Republic|Czechia|Czech
DE DEU Germany|German
DJ DJI Djibouti|Djiboutian
DK DNK Denmark|Danish
DM DMA Dominica
DO DOM Dominican Republic
DZ DZA Algeria|Algerian
EC ECU Ecuador|Ecuadorian|Ecuadorean
EE EST Estonia|Estonian
EG EGY Egypt|Egyptian
EH ESH Western Sahara
ER ERI Eritrea|Eritrean
ES ESP Spain|Spanish
ET ETH Ethiopia|Ethiopian
FI FIN Finland|Finnish
FJ FJI Fiji|Fijian
FM FSM Micronesia, Federated States of|Micronesia
FR FRA France|French
GA GAB Gabon|Gabonese
GB GBR United Kingdom|UK|Great Britain|United Kingdom of Great Britain and Northern Ireland|British
GD GRD Grenada
GE GEO Georgia|Georgian
GH GHA Ghana|Ghanaian
GI GIB Gibraltar
GM GMB Gambia|The Gambia|Gambian
GN GIN Guinea|Guinean
GQ GNQ Equatorial Guinea
GR GRC Greece|Greek
GT GTM Guatemala|Guatemalan
GW GNB Guinea-Bissau
GY GUY Guyana|Guyanese
HK HKG Hong Kong
HN HND Honduras|Honduran
HR HRV Croatia|Croatian
HT HTI Haiti|Haitian
HU HUN Hungary|Hungarian
ID IDN Indonesia|Indonesian
IE IRL Ireland|Irish
IL ISR Israel|Israeli
IN IND India|Indian
IQ IRQ Iraq|Iraqi
IR IRN Iran|Islamic Republic of Iran|Iran, Islamic Republic of|Iranian
IS ISL Iceland|Icelandic
IT ITA Italy|Italian
JM JAM Jamaica|Jamaican
JO JOR Jordan|Jordanian
JP JPN Japan|Japanese
KE KEN Kenya|Kenyan
KG KGZ Kyrgyzstan|Kyrgyz Republic|Kyrgyz
KH KHM Cambodia|Cambodian
KI KIR Kiribati
KM COM Comoros|Comorian|Comoran
KN KNA Saint Kitts and Nevis|St. Kitts and Nevis|St Kitts and Nevis
KP PRK Korea, North|North Korea|Democratic People's Republic of Korea|DPRK|North Korean
KR KOR Korea, South|South Korea|Republic of Korea|Korea, Republic of|South Korean
KW KWT Kuwait|Kuwaiti
KZ KAZ Kazakhstan|Kazakh|Kazakhstani
LA LAO Laos|Lao People's Democratic Republic|Laotian|Lao
LB LBN Lebanon|Lebanese
LC LCA Saint Lucia|St. Lucia
LI LIE Liechtenstein
LK LKA Sri Lanka|Sri Lankan
LR LBR Liberia|Liberian
LS LSO Lesotho
LT LTU Lithuania|Lithuanian
LU LUX Luxembourg
LV LVA Latvia|Latvian
LY LBY Libya|Libyan
MA MAR Morocco|Moroccan
MC MCO Monaco
MD MDA Moldova|Republic of Moldova|Moldova, Republic of|Moldovan
ME MNE Montenegro|Montenegrin
MG MDG Madagascar|Malagasy
MH MHL Marshall Islands
MK MKD North Macedonia|North Macedonia, The Republic of|Macedonia|Macedonian
ML MLI Mali|Malian
MM MMR Myanmar|Burma|Burmese
MN MNG Mongolia|Mongolian
MO MAC Macau|Macao
MR MRT Mauritania|Mauritanian
MT MLT Malta|Maltese
MU MUS Mauritius|Mauritian
MV MDV Maldives|Maldivian
MW MWI Malawi|Malawian
MX MEX Mexico|Mexican
MY MYS Malaysia|Malaysian
MZ MOZ Mozambique|Mozambican
NA NAM Namibia|Namibian
NE NER Niger|Nigerien
NG NGA Nigeria|Nigerian
NI NIC Nicaragua|Nicaraguan
NL NLD Netherlands|The Netherlands|Dutch
NO NOR Norway|Norwegian
NP NPL Nepal|Nepalese|Nepali
NR NRU Nauru
NZ NZL New Zealand
OM OMN Oman|Omani
PA PAN Panama|Panamanian
PE PER Peru|Peruvian
PG PNG Papua New Guinea
PH PHL Philippines|The Philippines|Filipino|Philippine
PK PAK Pakistan|Pakistani
PL POL Poland|Polish
PS PSE Palestine|State of Palestine|Palestinian|Palestinian Territories
PT PRT Portugal|Portuguese
PW PLW Palau
PY PRY Paraguay|Paraguayan
QA QAT Qatar|Qatari
RO ROU Romania|Romanian
RS SRB Serbia|Serbian
RU RUS Russia|Russian Federation|Russian
RW RWA Rwanda|Rwandan
SA SAU Saudi Arabia|Saudi|Saudi Arabian
SB SLB Solomon Islands
SC SYC Seychelles|Seychellois
SD SDN Sudan|Sudanese
SE SWE Sweden|Swedish
SG SGP Singapore|Singaporean
SI SVN Slovenia|Slovenian|Slovene
SK SVK Slovakia|Slovak
SL SLE Sierra Leone|Sierra Leonean
SM SMR San Marino
SN SEN Senegal|Senegalese
SO SOM Somalia|Somali
SR SUR Suriname|Surinamese
SS SSD South Sudan|South Sudanese
ST STP Sao Tome and Principe
SV SLV El Salvador|Salvadoran
SY SYR Syria|Syrian Arab Republic|Syrian
SZ SWZ Eswatini|Swaziland
TD TCD Chad|Chadian
TG TGO Togo|Togolese
TH THA Thailand|Thai
TJ TJK Tajikistan|Tajik
TL TLS Timor-Leste|East Timor
TM TKM Turkmenistan|Turkmen
TN TUN Tunisia|Tunisian
TO TON Tonga
TR TUR Turkey|Türkiye|Turkiye|Turkish
TT TTO Trinidad and Tobago
TV TUV Tuvalu
TW TWN Taiwan|Taiwanese
TZ TZA Tanzania|United Republic of Tanzania|Tanzanian
UA UKR Ukraine|Ukrainian
UG UGA Uganda|Ugandan
US USA United States|United States of America|American
UT UTO Utopia|Utopian
UY URY Uruguay|Uruguayan
UZ UZB Uzbekistan|Uzbek
VA VAT Holy See|Vatican City
VC VCT Saint Vincent and the Grenadines
VE VEN Venezuela|Bolivarian Republic of Venezuela|Venezuelan
VG VGB Virgin Islands, British|British Virgin Islands
VN VNM Vietnam|Viet Nam|Vietnamese
VU VUT Vanuatu
WS WSM Samoa|Samoan
XK RKS Kosovo|Kosovan|Kosovar
YE YEM Yemen|Yemeni
ZA ZAF South Africa|South African
ZM ZMB Zambia|Zambian
ZW ZWE Zimbabwe|Zimbabwean
";

/// The codes of the states that `text` names; empty when it names none that is known.
pub(crate) fn codes(text: &str) -> Vec<String> {
    let text = text.split(" (").next().unwrap_or(text).replace('\u{2019}', "'");
    if let Some(code) = code(&text) {
        return vec![code];
    }
    let separated = text.replace(" and/or ", ",").replace(" and ", ",").replace(" or ", ",");
    let mut codes: Vec<String> = separated.split([',', ';', '/']).filter_map(code).collect();
    codes.dedup();
    codes
}

/// The code of the one state that `text` names.
pub(crate) fn state_code(text: &str) -> Option<String> {
    code(text)
}

fn code(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    if text.len() == 3
        && text.bytes().all(|letter| letter.is_ascii_uppercase())
        && text != "UAE"
        && text != "DRC"
    {
        return Some(text.to_owned());
    }
    if text == "D" {
        return Some("DEU".to_owned());
    }
    let known = STATES.lines().find(|line| {
        let (two, rest) = line.split_at(2);
        let names = rest.get(5..).unwrap_or_default();
        two.eq_ignore_ascii_case(text)
            || names.split('|').any(|name| name.to_lowercase() == text.to_lowercase())
    })?;
    known.get(3..6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_every_name() {
        for (text, expected) in [
            ("ru", &["RUS"][..]),
            ("UTO", &["UTO"]),
            ("Korea, North", &["PRK"]),
            ("Ukrainian, Russian", &["UKR", "RUS"]),
            ("Swiss and/or German", &["CHE", "DEU"]),
            ("Türkiye", &["TUR"]),
            ("UAE", &["ARE"]),
            ("Atlantis", &[]),
            ("", &[]),
        ] {
            assert_eq!(codes(text), expected, "{text}");
        }
    }

    #[test]
    fn every_line_is_two_three_names() {
        for line in STATES.lines() {
            assert!(line.is_ascii() || line.contains(['ô', 'ü']), "{line}");
            assert_eq!((line.as_bytes()[2], line.as_bytes()[6]), (b' ', b' '), "{line}");
        }
    }
}
