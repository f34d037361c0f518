//! Counts what the allocator gives: bytes a point, and what reading needs beside the columns.

use flowdeck_scalars::{EventReader, EventWriter, Store};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes in use by this test's thread, and the most that were.
    static USED: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

struct Counted;

fn count(bytes: isize) {
    let (now, most) = USED.get();
    USED.set((now + bytes, most.max(now + bytes)));
}

// SAFETY: every call is handed on to the system's allocator as it is.
#[expect(unsafe_code, reason = "an allocator is unsafe by its nature; this one only counts")]
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the rules of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the rules of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

const MIB: isize = 1 << 20;
/// What reading may need beside the columns.
const BESIDE: isize = 8 * MIB;

/// What `work` leaves in use, and what it needed beyond that meanwhile.
fn measured<T>(work: impl FnOnce() -> T) -> (T, isize, isize) {
    let (before, _) = USED.get();
    USED.set((before, before));
    let made = work();
    let (now, most) = USED.get();
    (made, now - before, most - now)
}

#[test]
fn a_point_takes_24_bytes_and_a_quarter_more_by_the_allocators_count() {
    const STEPS: i64 = 100_000;
    for (double, most) in [(false, 20.0), (true, 24.0)] {
        let mut file = EventWriter::new(1.0);
        for step in 0..STEPS {
            if double {
                file.double_scalar(step as f64, step, "loss", 0.1 * step as f64);
            } else {
                file.scalar(step as f64, step, "loss", step as f32);
            }
        }
        let (store, used, _) = measured(|| {
            let mut store = Store::default();
            EventReader::default().push(file.bytes(), store.run_mut("run"));
            store.settle();
            store
        });
        let [points, pyramid] = store.run("run").unwrap().series("loss").unwrap().bytes();
        // Names and tables are some hundred bytes.
        assert!(
            (used - (points + pyramid) as isize).abs() < 4096,
            "{used} used, {points} and {pyramid} said"
        );
        let a_point = |bytes: usize| bytes as f64 / STEPS as f64;
        assert!(a_point(points) <= most * 1.001, "{} bytes a point", a_point(points));
        assert!(
            pyramid * 4 <= points,
            "{} bytes a point for the pyramid",
            a_point(pyramid)
        );
    }
}

/// A record of so many bytes that says nothing of a series: field 15 is none of an event's.
fn other(bytes: usize) -> Vec<u8> {
    let mut event = vec![0x7a];
    let mut length = bytes;
    while length >= 0x80 {
        event.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    event.push(length as u8);
    event.resize(event.len() + bytes, 7);
    event
}

#[test]
fn reading_needs_at_most_8_mib_beside_the_columns_whatever_the_records_are() {
    // As large as is kept, larger than is kept, and a small one: 10 MiB, read twice.
    let mut file = EventWriter::new(1.0);
    for size in [(4 << 20) - 64, 6 << 20, 100_000] {
        file.record(&other(size));
    }
    let large = file.take();
    for piece in [1 << 18, 1 << 12] {
        let (mut store, mut reader) = (Store::default(), EventReader::default());
        let ((), columns, beside) = measured(|| {
            for round in 0..2 {
                for step in round * 1000..(round + 1) * 1000 {
                    file.scalar(step as f64, step, "loss", 0.5);
                }
                let points = file.take();
                for bytes in large.chunks(piece).chain(points.chunks(piece)) {
                    reader.push(bytes, store.run_mut("run"));
                }
            }
        });
        assert_eq!((store.points(), reader.pending()), (2000, 0));
        assert!(beside <= BESIDE, "{beside} bytes beside {columns} of columns");
    }
}

#[test]
fn a_double_after_many_singles_needs_no_second_copy_of_them() {
    let (mut store, mut reader, mut file) = (Store::default(), EventReader::default(), EventWriter::new(1.0));
    const STEPS: i64 = 200_000;
    for step in 0..STEPS {
        file.scalar(0.0, step, "loss", step as f32);
    }
    reader.push(&file.take(), store.run_mut("run"));
    file.double_scalar(0.0, STEPS, "loss", 0.1);
    let last = file.take();
    let ((), _, beside) = measured(|| reader.push(&last, store.run_mut("run")));
    assert_eq!(
        store.run("run").unwrap().series("loss").unwrap().last().unwrap().value,
        0.1
    );
    // The singles alone take 0.8 MB.
    assert!(beside <= MIB / 4, "{beside} bytes beside the columns");
}
