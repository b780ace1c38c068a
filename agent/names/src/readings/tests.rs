//! Readings of names that take a dictionary.

use super::super::person::{NAMES_MAX, PersonAlert, PersonName};

fn name(surname: &str, given: &str) -> PersonName {
    PersonName { surname: surname.into(), given: given.into(), ..PersonName::default() }
}

fn read(name: PersonName, nationality: &str) -> Vec<String> {
    let nationalities = if nationality.is_empty() { vec![] } else { vec![nationality.to_owned()] };
    let mut alert = PersonAlert { names: vec![name], nationalities, ..PersonAlert::default() };
    alert.add_readings();
    let again = alert.clone();
    assert_eq!(alert.add_readings(), 0, "readings are added once: {again:?}");
    let text = |name: &PersonName| format!("{}/{}{}", name.surname, name.given, name.full);
    alert.names[1..].iter().map(text).collect()
}

#[track_caller]
fn reads(surname: &str, given: &str, nationality: &str, expected: &[&str]) {
    let found = read(name(surname, given), nationality);
    for reading in expected {
        assert!(found.iter().any(|one| one == reading), "{reading} of {surname} {given}: {found:?}");
    }
}

#[test]
fn chinese_names_in_three_spellings() {
    reads("张", "国强", "CHN", &["ZHANG/GUOQIANG", "CHANG/KUO CHIANG", "CHEUNG/KWOK KEUNG"]);
    reads("吳", "小明", "", &["WU/XIAOMING", "WU/HSIAO MING", "NG/SIU MING"]);
    reads("曾", "志伟", "CHN", &["ZENG/ZHIWEI", "TSENG/CHIH WEI", "TSANG/CHI WAI"]);
    reads("欧阳", "娜娜", "TWN", &["OUYANG/NANA"]);
    reads("吕", "秀莲", "CHN", &["LYU/XIULIAN"]);
    let whole = PersonName { full: "诸葛建国".into(), ..PersonName::default() };
    assert!(read(whole, "CHN").contains(&"ZHUGE/JIANGUO".to_owned()));
}

#[test]
fn japanese_and_korean_readings() {
    reads("田中", "健三", "JPN", &["TANAKA/KENZO"]);
    reads("佐々木", "太郎", "JPN", &["SASAKI/TARO"]);
    reads("山本", "一郎", "", &["YAMAMOTO/ICHIRO"]);
    reads("鈴木", "さくら", "", &["SUZUKI/SAKURA"]);
    reads("金", "正哲", "PRK", &["KIM/JEONGCHEOL"]);
    let whole = PersonName { full: "渡辺洋子".into(), ..PersonName::default() };
    assert!(read(whole, "JPN").contains(&"WATANABE/YOKO".to_owned()));
}

#[test]
fn hebrew_with_vowels_and_both_sounds() {
    reads("כהן", "יצחק", "", &["COHEN/YITZHAK"]);
    reads("שפירנבוים", "דוד", "", &["SHPIRNBOIM/DAVID", "SHFIRNVOIM/DOD"]);
}

#[test]
fn other_scripts_and_compatible_letters() {
    reads("ﾅｶｸﾞｽｸ", "ｹﾝ", "", &["NAKAGUSUKU/KEN"]);
    reads("ﷲ", "𝐀𝐥𝐢", "", &["ALLH/ALI"]);
    let found = read(name("អ៊ុំ", "សុខា"), "");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn what_a_device_reads_gets_no_reading() {
    for (surname, given) in
        [("Müller", "Jürgen"), ("Иванов", "Иван"), ("Παππάς", "Νίκος"), ("김", "민수"), ("ESQUIRE", "")]
    {
        assert_eq!(read(name(surname, given), ""), [""; 0], "{surname}");
    }
}

#[test]
fn names_without_any_letter_are_unreadable_and_bounds_hold() {
    assert!(!name("張", "偉").is_readable(), "a device has no table of Han characters");
    assert!(!name("???", "12-").is_readable() || name("1", "").is_readable());
    assert!(name("", "Ωμέγα").is_readable());
    let mut alert =
        PersonAlert { names: vec![name("王", "小明"); NAMES_MAX - 1], ..PersonAlert::default() };
    alert.add_readings();
    assert!(alert.names.len() <= NAMES_MAX && alert.names.last().is_some_and(PersonName::is_readable));
}
