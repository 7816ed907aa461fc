//! Ids and tokens: made of a counter, so that the same calls make the same world.

/// The source of all ids and tokens of a world.
#[derive(Default)]
pub(super) struct Ids {
    next: u64,
}

impl Ids {
    /// 24 hexadecimal digits, unique, in the order of creation.
    pub(super) fn id(&mut self) -> String {
        id_of(self.serial())
    }

    /// Where it goes on.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Goes on no earlier than there.
    pub(super) fn skip_to(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Never makes this id again, if it is one that it could make.
    pub(super) fn skip(&mut self, id: &str) {
        if let Some(serial) = serial_of(id) {
            self.skip_to(serial + 1);
        }
    }

    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let serial = self.serial();
        let (high, low) = (mix(serial ^ 0x7461_676f), mix(serial ^ 0x696f_0000_0000));
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | ((low >> 48) & 0x3fff),
            low & 0xffff_ffff_ffff
        )
    }

    pub(super) fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.uuid())
    }

    fn serial(&mut self) -> u64 {
        let serial = self.next;
        self.next = self.next.wrapping_add(1);
        serial
    }
}

/// So many ids are never made, and no number that a file gives leads beyond them.
pub(super) const MOST_IDS: u64 = 1 << 48;

fn id_of(serial: u64) -> String {
    // Begins as today's ids of TagoIO do, whose first digits are a date.
    const FIRST: u64 = 0x66a0_0000;
    format!("{:08x}{:016x}", FIRST.wrapping_add(serial) & 0xffff_ffff, mix(serial))
}

/// What an id was made of.
fn serial_of(id: &str) -> Option<u64> {
    let serial = unmix(u64::from_str_radix(id.get(8..)?, 16).ok()?);
    (serial < MOST_IDS && id_of(serial) == id).then_some(serial)
}

/// Scatters a number over all 64 bits, one to one (SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The number that `mix` made this of.
fn unmix(number: u64) -> u64 {
    let mut z = number ^ (number >> 31) ^ (number >> 62);
    z = z.wrapping_mul(0x3196_42b2_d24d_8ec3);
    z = (z ^ (z >> 27) ^ (z >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    (z ^ (z >> 30) ^ (z >> 60)).wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

/// A number for a text, the same on every machine (FNV-1a, scattered).
pub(super) fn hash(text: &str) -> u64 {
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_tokens_have_the_look_of_tagoio_and_never_repeat() {
        let mut ids = Ids::default();
        let made: Vec<String> = (0..1000).map(|_| ids.id()).collect();
        assert!(made.iter().all(|id| id.len() == 24 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))));
        assert!(made.is_sorted_by(|a, b| a < b), "in the order of creation, and no two the same");

        let token = ids.token("p-");
        let lengths: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(lengths, [1, 8, 4, 4, 4, 12], "{token}");
        assert_eq!(Ids::default().id(), made[0], "the same calls give the same ids");
    }

    #[test]
    fn an_id_that_is_there_already_is_not_made_again() {
        for serial in [0, 1, 2, 1000, u64::from(u32::MAX), u64::from(u32::MAX) + 1, MOST_IDS - 1] {
            assert_eq!(unmix(mix(serial)), serial);
            let mut ids = Ids::default();
            ids.skip(&id_of(serial));
            assert_eq!(ids.next(), serial + 1, "{serial}");
        }
        let almost = format!("{}0", &id_of(7)[..23]);
        for foreign in ["", "61fac4d9a5c9f40012a5ff92", "é", "zzzzzzzzzzzzzzzzzzzzzzzz", &id_of(MOST_IDS), &almost] {
            let mut ids = Ids::default();
            ids.skip(foreign);
            assert_eq!(ids.next(), 0, "{foreign}");
        }
    }
}
