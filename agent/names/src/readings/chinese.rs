//! Chinese names in Han characters: pinyin as the mainland spells, Wade-Giles as Taiwan, and Hong Kong's way; and the same
//! characters as Koreans read them.
//!
//! Sources: GB/T 28039-2011 (family name, then given name in one word; Ü is YU); Taiwan's passport rules; for Hong Kong and
//! Macao the spellings that the Immigration Department's records are known for, from Jyutping by rule. A few family names
//! sound otherwise than the character does elsewhere.

use super::han::{Han, han, is_han};
use super::parts::Parts;

/// Family names of two characters, simplified and traditional.
const LONG_FAMILIES: &str = "欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 司徒 令狐 夏侯 端木 百里 呼延 \
南宫 南宮 轩辕 軒轅 长孙 長孫 宇文 独孤 獨孤 鲜于 鮮于 司空 西门 西門 太史 申屠 澹台 澹臺 濮阳 濮陽";
/// Family names whose pinyin is not the character's first one.
const FAMILIES: &str = "单=shan 單=shan 曾=zeng 仇=qiu 解=xie 任=ren 朴=piao 查=zha 盖=ge 蓋=ge 华=hua 華=hua 区=ou 區=ou 缪=miao 繆=miao \
翟=zhai 乐=yue 樂=yue 黑=he 秘=bi 员=yun 繁=po 召=shao 种=chong 重=chong 覃=qin 牟=mou 乜=nie 那=na 尉=yu 长=zhang 長=zhang 令=ling \
洗=xian 冼=xian 宁=ning 石=shi 万=wan 萬=wan 沈=shen 祭=zhai 葉=ye 叶=ye 谷=gu 吕=lv 呂=lv";
/// Family names that Koreans read otherwise than the character alone.
const KOREAN_FAMILIES: &str =
    "金=김 李=이 柳=유 林=임 盧=노 梁=양 羅=나 呂=여 廉=염 龍=용 劉=유 陸=육 魯=노 柳=유 陳=진";

/// A way to spell one character, given whether it is the family name's.
type Spelling = fn(Han, Option<&'static str>) -> String;

/// The readings of a name in each of the Chinese ways.
pub(super) fn readings(parts: &Parts) -> Vec<Parts> {
    let ways: [(Spelling, &str); 3] = [(pinyin, ""), (wade_giles, " "), (hong_kong, " ")];
    ways.iter().filter_map(|(spelling, between)| spell(parts, *spelling, FAMILIES, between)).collect()
}

/// The reading of a name in Korean, as Hangul.
pub(super) fn korean(parts: &Parts) -> Option<Parts> {
    spell(parts, |han, family| family.unwrap_or(han.hangul).to_owned(), KOREAN_FAMILIES, "")
}

/// Both parts spelt one way; None when a character has no such reading. A whole name is a family name and a given one.
fn spell(parts: &Parts, spelling: Spelling, families: &'static str, between: &str) -> Option<Parts> {
    let (surname, given) =
        if parts.1.is_empty() { divide(&parts.0) } else { (parts.0.clone(), parts.1.clone()) };
    let surname = syllables(&surname, spelling, families)?.concat();
    Some((surname, syllables(&given, spelling, "")?.join(between)))
}

/// The family name and the given name of a whole name in Han characters: the family name has one character, or is one of
/// those known to have two.
fn divide(whole: &str) -> (String, String) {
    if let Some((surname, given)) = whole.trim().split_once([' ', '·', '・']) {
        return (surname.to_owned(), given.to_owned());
    }
    let letters: Vec<char> = whole.chars().filter(|&letter| is_han(letter)).collect();
    let two: String = letters.iter().take(2).collect();
    let long = letters.len() > 2 && LONG_FAMILIES.split(' ').any(|family| family == two);
    let (surname, given) = letters.split_at(letters.len().min(if long { 2 } else { 1 }));
    (surname.iter().collect(), given.iter().collect())
}

fn syllables(text: &str, spelling: Spelling, families: &'static str) -> Option<Vec<String>> {
    let letters: Vec<char> = text.chars().filter(|letter| letter.is_alphabetic()).collect();
    let mut out = Vec::with_capacity(letters.len());
    for (at, &letter) in letters.iter().enumerate() {
        if !is_han(letter) {
            out.push(letter.to_string());
            continue;
        }
        let family = families.split(' ').find_map(|entry| entry.strip_prefix(letter)?.strip_prefix('='));
        let syllable = spelling(han(letter)?, family.filter(|_| at == 0));
        if syllable.is_empty() {
            return None;
        }
        out.push(syllable);
    }
    Some(out)
}

fn pinyin(han: Han, family: Option<&'static str>) -> String {
    let reading = family.unwrap_or(han.pinyin);
    // Ü after L and N, where it differs from U.
    let reading = reading.replace("lv", "lyu").replace("nv", "nyu");
    reading.to_ascii_uppercase()
}

/// A text's longest beginning in a list of `from=to`, and what it becomes.
fn begins<'a>(text: &'a str, list: &'static str) -> (&'static str, &'a str) {
    let entries = list.split(' ').filter_map(|entry| entry.split_once('='));
    let best = entries.filter(|(from, _)| text.starts_with(from)).max_by_key(|(from, _)| from.len());
    best.map_or(("", text), |(from, to)| (to, &text[from.len()..]))
}

const WADE_WHOLE: &str = "zhi=CHIH chi=CHIH shi=SHIH ri=JIH zi=TZU ci=TZU si=SZU yi=I wu=WU yu=YU yan=YEN ye=YEH yue=YUEH you=YU yong=YUNG er=ERH \
ge=KO ke=KO he=HO guo=KUO kuo=KUO huo=HUO shuo=SHUO gui=KUEI kui=KUEI";
const WADE_STARTS: &str = "zh=CH ch=CH sh=SH b=P p=P d=T t=T g=K k=K j=CH q=CH x=HS r=J z=TS c=TS";
const WADE_ENDS: &str = "ong=UNG iong=IUNG ian=IEN ie=IEH ue=UEH ve=UEH v=U uo=O e=E";

/// Wade-Giles without its apostrophes, which passports leave out.
fn wade_giles(han: Han, family: Option<&'static str>) -> String {
    let text = family.unwrap_or(han.pinyin);
    if let (whole, "") = begins(text, WADE_WHOLE)
        && !whole.is_empty()
    {
        return whole.to_owned();
    }
    let (start, rest) = begins(text, WADE_STARTS);
    let letters = rest.bytes().take_while(|letter| !b"aeiouv".contains(letter)).count();
    let (own, end) = rest.split_at(letters);
    let ended = match begins(end, WADE_ENDS) {
        (ended, "") if !ended.is_empty() => ended.to_owned(),
        _ => end.to_ascii_uppercase(),
    };
    format!("{start}{}{ended}", own.to_ascii_uppercase())
}

const HONG_KONG_WHOLE: &str = "ng=NG m=NG zi=CHI ci=TSZ si=SZE gwok=KWOK lei=LEE";
const HONG_KONG_STARTS: &str = "ng=NG gw=KW kw=KW b=P d=T g=K z=CH c=CH j=Y";
const HONG_KONG_ENDS: &str = "aa=A aai=AI aau=AU aam=AM aan=AN aang=ANG aap=AP aat=AT aak=AK oeng=EUNG oek=EUK oe=EU eoi=UI eon=UN eot=UT \
yu=U yun=UEN yut=UET ou=O i=I yut=UET";
/// Ends before which Z and C are TS.
const HISSED: &str = "ang ak at ap oi eoi eon oe ou o ung uk yu yun";

/// Hong Kong's spelling of a Jyutping syllable.
fn hong_kong(han: Han, _: Option<&'static str>) -> String {
    let text = han.jyutping;
    if let (whole, "") = begins(text, HONG_KONG_WHOLE)
        && !whole.is_empty()
    {
        return whole.to_owned();
    }
    let (start, rest) = begins(text, HONG_KONG_STARTS);
    let letters = rest.bytes().take_while(|letter| !b"aeiouy".contains(letter)).count();
    let (own, end) = rest.split_at(letters);
    let hissed =
        matches!(text.as_bytes().first(), Some(b'z' | b'c')) && HISSED.split(' ').any(|other| other == end);
    let ended = match begins(end, HONG_KONG_ENDS) {
        (ended, "") if !ended.is_empty() => ended.to_owned(),
        _ => end.to_ascii_uppercase(),
    };
    format!("{}{}{ended}", if hissed { "TS" } else { start }, own.to_ascii_uppercase())
}
