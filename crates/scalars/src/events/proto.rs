//! Walks through the fields of a protobuf message.
//!
//! Event files need a dozen fields of ten messages; a generated reader would allocate for every string of every event.
//! Source of the encoding: the protocol buffers' documentation, "Encoding".

/// The message is cut, or has a wire type that proto3 does not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// A field's value as it is on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    /// Whole numbers, truth values and enums.
    Varint(u64),
    /// `double` and `fixed64`.
    Fixed64([u8; 8]),
    /// Strings, bytes, messages and packed numbers.
    Bytes(&'a [u8]),
    /// `float` and `fixed32`.
    Fixed32([u8; 4]),
}

/// The fields of a message in the order in which they were written, each with its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    /// The message goes on behind the bytes: the last field may have less than its length.
    is_cut: bool,
}

/// The fields of the message in `bytes`.
pub(super) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { bytes, is_cut: false }
}

/// The fields that begin in `bytes`, which are the beginning of a message.
pub(super) fn fields_of_cut(bytes: &[u8]) -> Fields<'_> {
    Fields { bytes, is_cut: true }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            // Where the next field begins is not known.
            self.bytes = &[];
        }
        Some(field.ok_or(Malformed))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = varint(&mut self.bytes)?;
        let wire = match key & 7 {
            0 => Wire::Varint(varint(&mut self.bytes)?),
            1 => Wire::Fixed64(self.array()?),
            2 => {
                let length = usize::try_from(varint(&mut self.bytes)?).ok()?;
                let all = || self.is_cut.then_some((self.bytes, &[][..]));
                let (bytes, rest) = self.bytes.split_at_checked(length).or_else(all)?;
                self.bytes = rest;
                Wire::Bytes(bytes)
            }
            5 => Wire::Fixed32(self.array()?),
            _ => return None,
        };
        (key >> 3 != 0).then_some((key >> 3, wire))
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*array)
    }
}

/// Seven bits a byte, lowest first; the tenth byte has only one bit left.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        if at == 9 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: &[Result<(u64, Wire<'_>), Malformed>]) {
        assert_eq!(fields(bytes).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn each_wire_type_is_read() {
        check(&[0x10, 0x96, 0x01], &[Ok((2, Wire::Varint(150)))]);
        check(&[0x0a, 2, b'h', b'i'], &[Ok((1, Wire::Bytes(b"hi")))]);
        check(&[0x15, 1, 2, 3, 4], &[Ok((2, Wire::Fixed32([1, 2, 3, 4])))]);
        check(
            &[0x09, 1, 2, 3, 4, 5, 6, 7, 8],
            &[Ok((1, Wire::Fixed64([1, 2, 3, 4, 5, 6, 7, 8])))],
        );
        check(&[], &[]);
    }

    #[test]
    fn minus_one_needs_ten_bytes() {
        let bytes = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        check(&bytes, &[Ok((2, Wire::Varint(u64::MAX)))]);
    }

    #[test]
    fn what_is_cut_or_unknown_is_malformed_and_ends() {
        check(&[0x0a, 3, b'h', b'i'], &[Err(Malformed)]);
        check(&[0x0b, 0x10, 0x01], &[Err(Malformed)]);
        check(&[0x10, 0xff], &[Err(Malformed)]);
        check(&[0x02, 0], &[Err(Malformed)]);
        let eleven = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        check(&eleven, &[Err(Malformed)]);
    }
}
