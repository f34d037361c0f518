//! Reads the values that all views are made of: texts, numbers, truths, lists, and what may be missing.

use super::{Read, Reader, Slots, Value};

impl Value for String {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        self.clear();
        if !reader.null()? {
            self.push_str(reader.text()?);
        }
        Ok(())
    }
}

impl Value for bool {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        *self = !reader.null()? && reader.truth()?;
        Ok(())
    }
}

macro_rules! integers {
    ($($kind:ty: $max:expr),*) => {$(
        impl Value for $kind {
            fn read(&mut self, reader: &mut Reader<'_>) -> Read {
                *self = if reader.null()? { 0 } else { reader.integer(<$kind>::MIN as i64, $max)? as $kind };
                Ok(())
            }
        }
    )*};
}

integers!(i32: i32::MAX as i64, i64: i64::MAX, u16: u16::MAX as i64, u32: u32::MAX as i64, u64: i64::MAX);

impl<T: Value + Default> Value for Option<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        T::read_some(self, reader)
    }
}

impl<T: Value + Default> Value for Vec<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Read {
        reader.list(self)?;
        // The first push makes room for four, and most lists of an object have one entry: half of a pod's bytes.
        self.shrink_to_fit();
        Ok(())
    }
}

impl<T: Value + Default> Slots for Vec<T> {
    fn clear(&mut self) {
        self.clear();
    }

    fn grow(&mut self) -> &mut dyn Value {
        self.push(T::default());
        let last = self.len() - 1;
        &mut self[last]
    }

    fn drop_last(&mut self) {
        self.pop();
    }
}
