//! One block of bytes of fixed size that everything without a number of its own lives in: what the shell
//! lends, trace ids, texts, then the events, written one after another as postcard writes them. What does
//! not fit is left out, and that it was is known.

use crate::Text;

/// Bytes the shell may lend at once.
pub const LENT: usize = 10 * 1024;
/// Calls that can have a trace id at once.
pub const TRACES: usize = 256;
const TEXTS_AT: usize = LENT + TRACES * 16;
const TEXT_BYTES: usize = 24 * 1024;
const TEXTS: usize = 512;
/// Where events begin.
pub(super) const EVENTS_AT: usize = TEXTS_AT + TEXT_BYTES;
const ALL: usize = EVENTS_AT + 256 * 1024;

/// The block, and how far events are written.
#[derive(Debug)]
#[repr(C)]
pub struct Memory {
    /// Distance from [`EVENTS_AT`] to the next byte to be written.
    written: usize,
    overflowed: bool,
    texts: usize,
    /// Where texts end, from [`TEXTS_AT`]; the first is the empty one.
    text_ends: [usize; TEXTS],
    pub(super) bytes: [u8; ALL],
}

impl Memory {
    /// Nothing lent and nothing written.
    pub(super) const fn new() -> Self {
        Self {
            written: 0,
            overflowed: false,
            text_ends: [0; TEXTS],
            texts: 0,
            bytes: [0; ALL],
        }
    }

    /// Where in the instance's memory a byte of the block is.
    #[must_use]
    pub fn address(&self, at: usize) -> usize {
        self.bytes.as_ptr() as usize + at
    }

    /// Where the next byte will be written.
    pub(super) fn at(&self) -> usize {
        EVENTS_AT + self.written
    }

    /// What [`Memory::set_length`] has written there.
    pub(super) fn length(&self, at: usize) -> usize {
        let bytes = self.bytes.get(at..).and_then(<[u8]>::first_chunk);
        let [low, high] = bytes.copied().unwrap_or_default();
        usize::from(low & 127) | usize::from(high) << 7
    }

    /// A length below 2^14, as LEB128 of two bytes.
    #[expect(clippy::cast_possible_truncation)]
    pub(super) fn set_length(&mut self, at: usize, length: usize) {
        let bytes = self.bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(bytes) = bytes {
            *bytes = [length as u8 | 128, (length >> 7) as u8];
        }
    }

    /// An unsigned number, as LEB128: also an enum's tag, a bool, the presence of an option, a length.
    #[inline(never)]
    pub(super) fn number(&mut self, number: u32) {
        self.long_number(number.into());
    }

    /// The same of 64 bits.
    #[inline(never)]
    pub(super) fn long_number(&mut self, mut number: u64) {
        loop {
            #[expect(clippy::cast_possible_truncation)]
            let low = number as u8 & 127;
            number >>= 7;
            match self.bytes.get_mut(EVENTS_AT + self.written) {
                Some(place) => {
                    *place = low | u8::from(number > 0) << 7;
                    self.written += 1;
                }
                None => self.overflowed = true,
            }
            if number == 0 {
                return;
            }
        }
    }

    /// Writes what is in the block already.
    pub(super) fn again(&mut self, from: usize, until: usize) {
        let to = self.at();
        self.written += until - from;
        self.overflowed |= self.at() > ALL;
        self.copy(from, until - from, to);
    }

    /// Takes out what was written between two places; what follows moves up.
    pub(super) fn cut(&mut self, from: usize, until: usize) {
        self.copy(until, self.at() - until, from);
        self.written -= until - from;
    }

    /// Whether something did not fit since the last time this was asked.
    pub(super) fn take_overflow(&mut self) -> bool {
        core::mem::take(&mut self.overflowed)
    }

    /// Keeps a text that is lent; its handle, or that of the empty one when there is no room.
    pub fn keep(&mut self, length: usize) -> Text {
        let start = self.text_end(self.texts);
        if length > TEXT_BYTES - start || self.texts + 1 >= TEXTS {
            return 0;
        }
        self.texts += 1;
        if let Some(end) = self.text_ends.get_mut(self.texts) {
            *end = start + length;
        }
        self.copy(0, length, TEXTS_AT + start);
        #[expect(clippy::cast_possible_truncation, reason = "below 512")]
        {
            self.texts as Text
        }
    }

    /// Keeps the 16 bytes lent as the trace id of a call.
    pub fn keep_trace(&mut self, call: usize) {
        self.copy(0, 16, LENT + 16 * call);
    }

    /// Writes the trace id of a call.
    pub(super) fn trace(&mut self, call: usize) {
        let at = LENT + 16 * call;
        self.again(at, at + 16);
    }

    /// Writes a text.
    pub(super) fn text(&mut self, text: Text) {
        let text = usize::from(text);
        let (start, end) = (self.text_end(text.saturating_sub(1)), self.text_end(text));
        #[expect(clippy::cast_possible_truncation)]
        self.number((end - start) as u32);
        self.again(TEXTS_AT + start, TEXTS_AT + end);
    }

    fn text_end(&self, text: usize) -> usize {
        self.text_ends.get(text).copied().unwrap_or(0)
    }

    /// Bytes outside the block are neither read nor written.
    #[inline(never)]
    fn copy(&mut self, from: usize, length: usize, to: usize) {
        let length = length.min(ALL.saturating_sub(from.max(to)));
        if length > 0 {
            self.bytes.copy_within(from..from + length, to);
        }
    }
}

#[cfg(test)]
impl Memory {
    /// Bytes written before.
    pub(crate) fn part(&self, from: usize, until: usize) -> &[u8] {
        &self.bytes[from..until]
    }

    /// As the shell lends.
    pub(crate) fn lend(&mut self, bytes: &[u8]) -> usize {
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Box<Memory> {
        Box::new(Memory::new())
    }

    #[test]
    fn numbers_are_written_as_leb128() {
        for (number, bytes) in [
            (0_u64, &[0][..]),
            (127, &[127]),
            (128, &[128, 1]),
            (300, &[172, 2]),
            (1 << 42, &[128, 128, 128, 128, 128, 128, 1]),
        ] {
            let mut memory = memory();
            memory.long_number(number);
            assert_eq!(memory.part(EVENTS_AT, memory.at()), bytes, "{number}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_known() {
        let mut memory = memory();
        memory.written = ALL - EVENTS_AT - 1;
        memory.number(7);
        assert!(!memory.take_overflow());
        memory.number(8);
        assert!(memory.take_overflow());
        assert!(!memory.take_overflow());
        memory.again(0, 3);
        assert!(memory.take_overflow());
    }

    #[test]
    fn cutting_moves_up_what_follows() {
        let mut memory = memory();
        for byte in 1..6 {
            memory.number(byte);
        }
        memory.cut(EVENTS_AT + 1, EVENTS_AT + 3);
        assert_eq!(memory.part(EVENTS_AT, memory.at()), [1, 4, 5]);
    }

    #[test]
    fn a_text_is_kept_under_its_handle_and_nothing_is_the_empty_one() {
        let mut memory = memory();
        let mut keep = |text: &str| {
            let length = memory.lend(text.as_bytes());
            memory.keep(length)
        };
        let (get, empty, chat) = (keep("GET"), keep(""), keep("/chät"));
        assert!(empty > 0);
        for text in [get, empty, chat, 0, Text::MAX] {
            memory.text(text);
        }
        let written = memory.part(EVENTS_AT, memory.at());
        assert_eq!(written, "\u{3}GET\0\u{6}/chät\0\0".as_bytes());
    }

    #[test]
    fn without_room_a_text_is_empty() {
        let mut many = memory();
        for number in 1..TEXTS {
            assert_eq!(usize::from(many.keep(1)), number);
        }
        assert_eq!(many.keep(1), 0);
        let mut long = memory();
        for _ in 0..2 {
            assert_ne!(long.keep(LENT), 0);
        }
        assert_ne!(long.keep(4 * 1024 - 1), 0);
        assert_eq!(long.keep(2), 0);
        assert_ne!(long.keep(1), 0);
    }
}
