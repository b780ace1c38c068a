//! Japanese names in kanji: a name's characters read by their kun or on readings, in the ways that are likeliest.
//!
//! A character has several readings and only the bearer knows which; so the commonest family names are listed with theirs,
//! and of all others the likeliest combinations are taken. Spelt as `script` spells kana: no mark for a long vowel.

use super::han::{han, is_han};
use super::parts::Parts;
use std::collections::VecDeque;

/// Readings of a family name and of a given name that are combined with each other.
const EACH_MAX: usize = 4;
/// Letters of a kun reading in names: a longer one is a verb or an adjective.
const KUN_LETTERS_MAX: usize = 4;
/// The mark that repeats the character before it.
const AGAIN: char = '々';

/// Family names, from common knowledge, whose reading is not the kun or on readings in a row.
const FAMILIES: &str = "佐々木=SASAKI 渡辺=WATANABE 渡邊=WATANABE 渡部=WATANABE 斎藤=SAITO 齋藤=SAITO 斉藤=SAITO 長谷川=HASEGAWA 服部=HATTORI \
五十嵐=IGARASHI 高橋=TAKAHASHI 伊藤=ITO 加藤=KATO 後藤=GOTO 近藤=KONDO 遠藤=ENDO 安藤=ANDO 工藤=KUDO 武藤=MUTO 内藤=NAITO 佐藤=SATO 上野=UENO \
井上=INOUE 池上=IKEGAMI 川上=KAWAKAMI 三上=MIKAMI 菊池=KIKUCHI 菊地=KIKUCHI 大塚=OTSUKA 大野=ONO 小野=ONO 小川=OGAWA 小林=KOBAYASHI 小山=KOYAMA \
小島=KOJIMA 中島=NAKAJIMA 中嶋=NAKAJIMA 福島=FUKUSHIMA 木下=KINOSHITA 山下=YAMASHITA 松下=MATSUSHITA 宮崎=MIYAZAKI 山崎=YAMAZAKI 岡崎=OKAZAKI \
柴崎=SHIBASAKI 阿部=ABE 安部=ABE 田辺=TANABE 岡部=OKABE 長尾=NAGAO 東=AZUMA 中=NAKA 西=NISHI 原=HARA 林=HAYASHI 森=MORI 関=SEKI 谷=TANI 南=MINAMI \
北=KITA 堀=HORI 辻=TSUJI 岸=KISHI 今井=IMAI 新井=ARAI 荒井=ARAI 酒井=SAKAI 金井=KANAI 平井=HIRAI 村上=MURAKAMI 三浦=MIURA 千葉=CHIBA 丸山=MARUYAMA \
野口=NOGUCHI 原口=HARAGUCHI 山口=YAMAGUCHI 谷口=TANIGUCHI 川口=KAWAGUCHI 江口=EGUCHI 武田=TAKEDA 竹田=TAKEDA 土屋=TSUCHIYA 飯塚=IIZUKA 新垣=ARAKAKI \
比嘉=HIGA 金城=KINJO 大城=OSHIRO 宮城=MIYAGI 島袋=SHIMABUKURO 玉城=TAMAKI 城間=SHIROMA 熊谷=KUMAGAI 桜井=SAKURAI 神田=KANDA 神谷=KAMIYA 上田=UEDA \
植田=UEDA 八木=YAGI 永井=NAGAI 本田=HONDA 本間=HOMMA 本多=HONDA 吉田=YOSHIDA 和田=WADA 前田=MAEDA 太田=OTA 大田=OTA 石川=ISHIKAWA 久保=KUBO 久保田=KUBOTA";

/// What a given name's last character is read as, from common knowledge, where names differ from all other words.
const ENDINGS: &str = "子=KO 美=MI 郎=ROU 朗=ROU 夫=O 男=O 雄=O 生=O 彦=HIKO 介=SUKE 助=SUKE 輔=SUKE 祐=SUKE 代=YO 世=YO 江=E 枝=E 恵=E 絵=E 香=KA 佳=KA 花=KA 加=KA \
奈=NA 菜=NA 也=YA 哉=YA 樹=KI 希=KI 紀=KI 太=TA 人=TO 斗=TO 一=ICHI 二=JI 治=JI 次=JI 司=JI 三=ZOU 造=ZOU 蔵=ZOU 志=SHI 史=SHI 之=YUKI 行=YUKI 幸=YUKI 平=HEI 吾=GO 里=RI 理=RI 織=ORI \
乃=NO 保=HO 穂=HO 明=AKI 昭=AKI 秋=AKI 和=KAZU 弘=HIRO 博=HIRO 浩=HIRO 広=HIRO 正=MASA 義=YOSHI 吉=KICHI 久=HISA 隆=TAKA 孝=TAKA 信=NOBU 文=FUMI 茂=SHIGE 勝=KATSU 哲=TETSU 光=MITSU 道=MICHI";

/// The likeliest readings of a name.
pub(super) fn readings(parts: &Parts) -> Vec<Parts> {
    let (surname, given) = if parts.1.is_empty() { divide(&parts.0) } else { parts.clone() };
    let (surnames, givens) = (spellings(&surname, true), spellings(&given, false));
    // By the sum of both ranks, so that the likeliest pairs come first.
    let mut pairs: Vec<(usize, Parts)> = Vec::new();
    for (at, surname) in surnames.iter().enumerate() {
        for (other, given) in givens.iter().enumerate() {
            pairs.push((at + other, (surname.clone(), given.clone())));
        }
    }
    pairs.sort_by_key(|(rank, _)| *rank);
    pairs.into_iter().map(|(_, pair)| pair).collect()
}

/// The family name and the given name of a whole name: a known family name, or two characters of four and more, of three
/// the first two, of two the first.
fn divide(whole: &str) -> Parts {
    if let Some((surname, given)) = whole.trim().split_once([' ', '・']) {
        return (surname.to_owned(), given.to_owned());
    }
    let letters: Vec<char> = whole.trim().chars().collect();
    let begins = |length: &usize| known(FAMILIES, &letters[..*length].iter().collect::<String>()).is_some();
    let listed = (1..letters.len()).rev().find(begins);
    let length = listed.unwrap_or(if letters.len() > 2 { 2 } else { 1 }).min(letters.len());
    (letters[..length].iter().collect(), letters[length..].iter().collect())
}

/// What a list of `name=reading` has for a name.
fn known(list: &'static str, name: &str) -> Option<&'static str> {
    list.split(' ').find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
}

/// The likeliest spellings of one part; one empty spelling for none.
fn spellings(text: &str, surname: bool) -> Vec<String> {
    if let Some(reading) = known(FAMILIES, text).filter(|_| surname) {
        return vec![reading.to_owned()];
    }
    let mut choices: Vec<Vec<String>> = Vec::new();
    let last = text.chars().count().saturating_sub(1);
    for (at, letter) in text.chars().enumerate() {
        let ending =
            (!surname && at == last && at > 0).then(|| known(ENDINGS, letter.encode_utf8(&mut [0; 4])));
        if let Some(reading) = ending.flatten() {
            choices.push(vec![reading.to_owned()]);
        } else if letter == AGAIN {
            choices.extend(choices.last().cloned());
        } else if is_han(letter) {
            let kanji = han(letter).unwrap_or_default();
            let kun = kanji.kun().filter(|reading| reading.len() <= KUN_LETTERS_MAX).take(2);
            let (kun, on): (Vec<&str>, Vec<&str>) = (kun.collect(), kanji.on().collect());
            // Family names are read by kun for the most part, given names as often by on.
            let mixed = if surname { [kun, on] } else { [on, kun] };
            choices.push(mixed.concat().into_iter().map(str::to_owned).collect());
        } else {
            choices.push(vec![letter.to_string()]);
        }
    }
    if choices.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    combinations(&choices).iter().map(|spelling| short(spelling)).collect()
}

/// At most [`EACH_MAX`] combinations: those that read every character in the same manner, then mixed ones.
fn combinations(choices: &[Vec<String>]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut queue: VecDeque<Vec<usize>> = VecDeque::from([vec![0; choices.len()]]);
    let last: Vec<usize> = choices.iter().map(|choice| choice.len() - 1).collect();
    queue.push_back(last);
    let mut seen = queue.iter().cloned().collect::<Vec<_>>();
    while let Some(at) = queue.pop_front() {
        let text: String = at.iter().zip(choices).map(|(&at, choice)| choice[at].as_str()).collect();
        if !found.contains(&text) {
            found.push(text);
        }
        if found.len() == EACH_MAX {
            break;
        }
        for place in 0..at.len() {
            let mut next = at.clone();
            next[place] = (next[place] + 1) % choices[place].len();
            if !seen.contains(&next) {
                seen.push(next.clone());
                queue.push_back(next);
            }
        }
    }
    found
}

/// A long vowel is not told.
fn short(text: &str) -> String {
    text.replace("OU", "O").replace("OO", "O").replace("UU", "U")
}
