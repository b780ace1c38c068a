//! What of a number its format tells: its length, and where it has letters. In two words of bits, so that the format of a
//! misreading is known before the misreading is made.

/// Where a number has letters and where fillers: its first place is the top bit.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    count: u32,
    letters: u32,
    fillers: u32,
}

impl Places {
    pub(crate) fn of(chars: impl Iterator<Item = u8>) -> Places {
        let mut places = Places { count: 0, letters: 0, fillers: 0 };
        for c in chars {
            let bit = (1 << 31) >> places.count;
            places.letters |= if c.is_ascii_uppercase() { bit } else { 0 };
            places.fillers |= if c == b'<' { bit } else { 0 };
            places.count += 1;
        }
        places
    }

    /// With `to` at all places of `mask`.
    pub(crate) fn with(self, mask: u32, to: u8) -> Places {
        let set = |here: bool| if here { mask } else { 0 };
        Places {
            letters: self.letters & !mask | set(to.is_ascii_uppercase()),
            fillers: self.fillers & !mask | set(to == b'<'),
            ..self
        }
    }

    /// Characters that are no fillers.
    pub(crate) fn length(self) -> usize {
        (self.count - self.fillers.count_ones()) as usize
    }

    /// No filler stands before or within the number: its places are those of the number without fillers.
    pub(crate) fn are_plain(self) -> bool {
        self.fillers == 0 || self.fillers.leading_zeros() as usize == self.length()
    }

    /// Length and pattern of the number without its fillers, as [`crate::document::Number`] has them.
    pub(crate) fn shape(self) -> (u8, u32) {
        let (mut letters, mut fillers) = (self.letters, self.fillers);
        while fillers != 0 {
            let after = u32::MAX >> fillers.leading_zeros();
            if letters & after == 0 {
                break;
            }
            // What comes after the first filler moves up by one place.
            letters = letters & !after | (letters & after) << 1;
            fillers = (fillers & (after >> 1)) << 1;
        }
        (self.length() as u8, letters)
    }
}

/// Of which formats numbers are wanted.
#[derive(Clone, Copy)]
pub struct Shapes<'a>(Option<&'a [u64]>);

impl<'a> Shapes<'a> {
    /// All numbers.
    pub const ANY: Shapes<'static> = Shapes(None);

    /// Numbers of these formats ([`crate::document::DocumentKey::format`]) of one state and type.
    pub fn of(formats: &'a [u64]) -> Shapes<'a> {
        Shapes(Some(formats))
    }

    /// Numbers of this length and pattern ([`crate::document::Number::pattern`]).
    pub fn has(&self, (length, pattern): (u8, u32)) -> bool {
        let shape = u64::from(length) << 32 | u64::from(pattern);
        self.0.is_none_or(|formats| formats.iter().any(|format| format << 24 >> 24 == shape))
    }

    /// Numbers of another pattern or length.
    pub fn has_other_than(&self, (length, pattern): (u8, u32)) -> bool {
        let shape = u64::from(length) << 32 | u64::from(pattern);
        self.0.is_none_or(|formats| formats.iter().any(|format| format << 24 >> 24 != shape))
    }

    /// Whether at most so many swaps of a letter for a digit, or the other way round, lead to a wanted number; if so, the
    /// places where they are, of all such numbers: the first character's is the top bit.
    pub(crate) fn swaps(&self, (length, pattern): (u8, u32), most: u32) -> Option<u32> {
        let Some(formats) = self.0 else { return Some(u32::MAX) };
        let same_length = formats.iter().filter(|format| (*format >> 32) as u8 == length);
        let swaps = same_length.map(|format| *format as u32 ^ pattern);
        swaps.filter(|swaps| swaps.count_ones() <= most).reduce(|all, swaps| all | swaps)
    }
}
