//! Computes the checksum of event files: CRC-32C (Castagnoli), masked as TFRecord does.
//!
//! Natively by the processor's instruction (crate `crc32c`). Wasm has none, so there sixteen tables take sixteen bytes
//! a step; they are made when first needed and weigh nothing in the page. Source: RFC 3720 §12.1 (polynomial),
//! tensorboard-scalars.md §4 (mask).

/// The checksum of `bytes`, continuing from that of what came before (0 at the start).
pub(super) fn append(before: u32, bytes: &[u8]) -> u32 {
    #[cfg(not(target_arch = "wasm32"))]
    return crc32c::crc32c_append(before, bytes);
    #[cfg(target_arch = "wasm32")]
    return table::append(before, bytes);
}

/// The masked checksum that stands in the file: rotated and shifted, so that a checksum of checksums stays one.
pub(super) fn masked(bytes: &[u8]) -> u32 {
    mask(append(0, bytes))
}

/// What the file has for a plain checksum.
pub(super) fn mask(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(any(test, target_arch = "wasm32"))]
mod table {
    use std::sync::LazyLock;

    /// Castagnoli's polynomial, lowest bit first.
    const POLYNOMIAL: u32 = 0x82f6_3b78;

    static TABLES: LazyLock<Box<[[u32; 256]; 16]>> = LazyLock::new(|| {
        let mut tables = Box::new([[0; 256]; 16]);
        for byte in 0..256 {
            let mut value = byte as u32;
            for _ in 0..8 {
                value = (value >> 1) ^ (if value & 1 == 1 { POLYNOMIAL } else { 0 });
            }
            tables[0][byte] = value;
        }
        for byte in 0..256 {
            for table in 1..16 {
                let before = tables[table - 1][byte];
                tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            }
        }
        tables
    });

    pub(super) fn append(before: u32, bytes: &[u8]) -> u32 {
        let tables = &**TABLES;
        let mut value = !before;
        let mut steps = bytes.chunks_exact(16);
        for step in &mut steps {
            let first = value.to_le_bytes();
            let mut next = 0;
            for at in 0..4 {
                next ^= tables[15 - at][usize::from(step[at] ^ first[at])];
            }
            for at in 4..16 {
                next ^= tables[15 - at][usize::from(step[at])];
            }
            value = next;
        }
        for &byte in steps.remainder() {
            value = (value >> 8) ^ tables[0][((value & 0xff) as usize) ^ usize::from(byte)];
        }
        !value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_texts_give_the_known_checksums() {
        // RFC 3720 §B.4: 32 zeros, 32 ones, 0..31; and the usual check value of "123456789".
        for (bytes, expect) in [
            (vec![0; 32], 0x8a91_36aa),
            (vec![0xff; 32], 0x62a8_ab43),
            ((0..32).collect::<Vec<u8>>(), 0x46dd_794e),
            (b"123456789".to_vec(), 0xe306_9283),
            (Vec::new(), 0),
        ] {
            assert_eq!(append(0, &bytes), expect);
            assert_eq!(table::append(0, &bytes), expect);
        }
    }

    #[test]
    fn mask_rotates_and_adds() {
        assert_eq!(mask(0), 0xa282_ead8);
        assert_eq!(mask(1), 0x0002_0000 + 0xa282_ead8);
    }

    proptest! {
        #[test]
        fn table_equals_instruction(bytes: Vec<u8>, cut in 0_usize..300, before: u32) {
            prop_assert_eq!(table::append(before, &bytes), append(before, &bytes));
            let cut = cut.min(bytes.len());
            prop_assert_eq!(append(append(before, &bytes[..cut]), &bytes[cut..]), append(before, &bytes));
        }
    }
}
