//! Ids and tokens: made of a counter, so that the same calls make the same world.

/// The source of all ids and tokens of a world.
pub(super) struct Ids {
    next: u32,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { next: 0 }
    }

    /// 24 hexadecimal digits, unique, in the order of creation.
    pub(super) fn id(&mut self) -> String {
        // Begins as today's ids of TagoIO do, whose first digits are a date.
        const FIRST: u32 = 0x66a0_0000;
        let serial = self.serial();
        format!("{:08x}{:016x}", FIRST.wrapping_add(serial), mix(u64::from(serial)))
    }

    /// A UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let serial = u64::from(self.serial());
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

    fn serial(&mut self) -> u32 {
        let serial = self.next;
        self.next = self.next.wrapping_add(1);
        serial
    }
}

/// Scatters a number over all 64 bits, one to one (SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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
        let mut ids = Ids::new();
        let made: Vec<String> = (0..1000).map(|_| ids.id()).collect();
        assert!(made.iter().all(|id| id.len() == 24 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))));
        assert!(made.is_sorted_by(|a, b| a < b), "in the order of creation, and no two the same");

        let token = ids.token("p-");
        let lengths: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(lengths, [1, 8, 4, 4, 4, 12], "{token}");
        assert_eq!(Ids::new().id(), made[0], "the same calls give the same ids");
    }
}
