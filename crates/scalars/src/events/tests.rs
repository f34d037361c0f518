//! Damage of every byte and every cut, and the rules of what a scalar is.

use super::*;
use crate::store::{Point, Store};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> (Store, EventReader) {
    let (mut store, mut reader) = (Store::default(), EventReader::default());
    reader.push(bytes, store.run_mut("r"));
    (store, reader)
}

fn points(store: &Store, tag: &str) -> Vec<(i64, f64, f64)> {
    let series = store.run("r").and_then(|run| run.series(tag));
    series
        .map(|series| {
            series
                .points()
                .map(|Point { step, wall, value }| (step, wall, value))
                .collect()
        })
        .unwrap_or_default()
}

fn small() -> EventWriter {
    let mut file = EventWriter::new(100.0);
    for step in 0..4 {
        file.scalar(100.0 + step as f64, step, "loss", 1.0 / (step + 1) as f32);
        file.tensor_scalar(100.5 + step as f64, step, "acc", step as f32 / 4.0);
        file.double_scalar(100.5 + step as f64, step, "lr", 0.1 * step as f64);
    }
    file.other(110.0, 4, "weights", "histograms");
    file
}

#[test]
fn each_kind_of_writer_is_read() {
    let (store, reader) = read(small().bytes());
    assert_eq!(points(&store, "loss")[1], (1, 101.0, 0.5));
    assert_eq!(points(&store, "acc")[3], (3, 103.5, 0.75));
    assert_eq!(points(&store, "lr")[3], (3, 103.5, 0.1 * 3.0));
    assert_eq!(
        (reader.records(), reader.problems().count(), reader.pending()),
        (14, 0, 0)
    );
    let run = store.run("r").unwrap();
    assert_eq!(run.start(), Some(100.0));
    assert_eq!(
        run.plugins().into_iter().collect::<Vec<_>>(),
        [("histograms", 1), ("scalars", 3)]
    );
}

#[test]
fn metadata_of_a_second_file_is_remembered_for_the_run() {
    let mut file = EventWriter::new(1.0);
    file.tensor_scalar(1.0, 0, "acc", 0.0);
    let first = file.take();
    // The same writer: no metadata any more, as in a file that was cut and goes on.
    file.tensor_scalar(2.0, 1, "acc", 1.0);
    let mut store = Store::default();
    for bytes in [first, file.take()] {
        EventReader::default().push(&bytes, store.run_mut("r"));
    }
    assert_eq!(points(&store, "acc").len(), 2);
    // Without the first event nobody says that it is a scalar.
    file.tensor_scalar(2.0, 1, "acc", 1.0);
    let (store, reader) = read(&file.take());
    assert_eq!((points(&store, "acc").len(), reader.problems().count()), (0, 0));
    assert_eq!(store.run("r").unwrap().tag("acc").unwrap().plugin, "");
}

#[test]
fn restart_takes_the_place_of_later_points() {
    let (mut store, mut file) = (Store::default(), EventWriter::new(1.0));
    for step in 0..10 {
        file.scalar(step as f64, step, "loss", step as f32);
        file.scalar(step as f64, step, "other", step as f32);
    }
    EventReader::default().push(&file.take(), store.run_mut("r"));
    for step in 5..12 {
        file.scalar(100.0 + step as f64, step, "loss", 100.0 + step as f32);
    }
    EventReader::default().push(&file.take(), store.run_mut("r"));
    let steps: Vec<i64> = points(&store, "loss").iter().map(|one| one.0).collect();
    assert_eq!(steps, (0..12).collect::<Vec<_>>());
    assert_eq!(points(&store, "loss")[5], (5, 105.0, 105.0));
    assert_eq!(points(&store, "loss")[4], (4, 4.0, 4.0));
    assert_eq!(points(&store, "other").len(), 10);
}

#[test]
fn value_that_is_no_scalar_is_reported_with_its_offset() {
    let mut file = EventWriter::new(1.0);
    file.tensor_scalar(1.0, 0, "acc", 0.5);
    let offset = file.bytes().len() as u64;
    // DT_FLOAT with one dimension, with two numbers, with none; DT_INT64.
    for tensor in [
        &[0x08, 1, 0x12, 4, 0x12, 2, 0x08, 1, 0x2a, 4, 0, 0, 0, 0][..],
        &[0x08, 1, 0x2a, 8, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0x08, 1],
        &[0x08, 9, 0x52, 1, 7],
    ] {
        let value = [&[0x0a, 3][..], b"acc", &[0x42, tensor.len() as u8], tensor].concat();
        let summary = [&[0x0a, value.len() as u8][..], &value].concat();
        file.record(&[&[0x2a, summary.len() as u8][..], &summary].concat());
    }
    let (store, reader) = read(file.bytes());
    assert_eq!(points(&store, "acc").len(), 1);
    assert_eq!(reader.problems().count(), 4);
    let first = &reader.problems().first()[0];
    assert_eq!(
        (first.offset, &first.damage),
        (offset, &Damage::NotAScalar { tag: "acc".to_owned() })
    );
}

#[test]
fn report_of_a_long_tag_is_short() {
    let (mut file, tag) = (EventWriter::new(1.0), "š".repeat(100_000));
    file.tensor_scalar(1.0, 0, &tag, 0.5);
    file.other(1.0, 1, &tag, "scalars");
    let (store, reader) = read(file.bytes());
    assert_eq!(points(&store, &tag).len(), 1);
    let Damage::NotAScalar { tag: told } = &reader.problems().first()[0].damage else {
        panic!("{:?}", reader.problems().first());
    };
    assert!(
        tag.starts_with(told.as_str()) && (100..1000).contains(&told.len()),
        "{}",
        told.len()
    );
}

#[test]
fn metadata_that_was_damaged_in_one_file_is_taken_from_the_next() {
    let mut first = EventWriter::new(1.0);
    let at = first.bytes().len() + 20;
    first.tensor_scalar(1.0, 0, "acc", 0.25);
    first.tensor_scalar(2.0, 1, "acc", 0.5);
    let mut bytes = first.take();
    bytes[at] ^= 1;
    let mut again = EventWriter::new(5.0);
    again.tensor_scalar(5.0, 1, "acc", 0.75);
    again.tensor_scalar(6.0, 2, "acc", 1.0);
    let (mut store, mut reader) = read(&bytes);
    assert_eq!((points(&store, "acc"), reader.problems().count()), (vec![], 1));
    reader = EventReader::default();
    reader.push(again.bytes(), store.run_mut("r"));
    assert_eq!(points(&store, "acc"), [(1, 5.0, 0.75), (2, 6.0, 1.0)]);
    assert_eq!(
        store.run("r").unwrap().plugins().into_iter().collect::<Vec<_>>(),
        [("scalars", 1)]
    );
}

#[test]
fn tensor_content_and_unpacked_numbers_are_scalars() {
    for tensor in [&[0x08, 1, 0x22, 4, 0, 0, 0, 0x3f][..], &[0x08, 1, 0x2d, 0, 0, 0, 0x3f]] {
        assert_eq!(number(tensor), Some(Number::Single(0.5)));
    }
    for tensor in [
        &[0x08, 2, 0x22, 8, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f][..],
        &[0x08, 2, 0x31, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
    ] {
        assert_eq!(number(tensor), Some(Number::Double(0.5)));
    }
    assert_eq!(number(&[0x08, 2, 0x22, 4, 0, 0, 0, 0x3f]), None);
}

#[test]
fn event_without_a_time_is_left_out_and_reported() {
    let mut file = EventWriter::default();
    file.scalar(f64::NAN, 0, "loss", 1.0);
    file.record(&[0xff, 0xff]);
    let (store, reader) = read(file.bytes());
    assert!(points(&store, "loss").is_empty());
    let damages: Vec<_> = reader
        .problems()
        .first()
        .iter()
        .map(|problem| problem.damage.clone())
        .collect();
    assert_eq!(damages, [Damage::NoWallTime, Damage::Unreadable]);
}

#[test]
fn large_record_is_passed_by_in_any_pieces() {
    let mut file = EventWriter::new(1.0);
    let offset = file.bytes().len() as u64;
    file.record(&vec![7; 5 << 20]);
    file.scalar(2.0, 1, "loss", 0.5);
    let end = file.bytes().len() as u64;
    for piece in [1 << 12, 999, usize::MAX] {
        let (mut store, mut reader) = (Store::default(), EventReader::default());
        for bytes in file.bytes().chunks(piece) {
            reader.push(bytes, store.run_mut("r"));
        }
        assert_eq!(
            reader.problems().first(),
            [Problem::new(offset, Damage::TooLarge { bytes: 5 << 20 })]
        );
        assert_eq!(
            (points(&store, "loss").len(), reader.offset(), reader.pending()),
            (1, end, 0)
        );
    }
}

#[test]
fn record_that_is_passed_by_still_says_whose_it_is() {
    let mut file = EventWriter::new(1.0);
    let large = |number: u8, before: &[u8]| {
        let length = 5 << 20;
        let mut bytes = before.to_vec();
        bytes.extend([number << 3 | 2, 0x80, 0x80, 0xc0, 0x02]);
        bytes.resize(bytes.len() + length, 7);
        bytes
    };
    // A graph; then a summary with one value, of which the tag is read and the image is not.
    file.record(&large(4, &[0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]));
    let image = large(4, b"\x0a\x01p");
    let framed = |number: u8, inner: &[u8]| {
        let length = inner.len();
        let mut bytes = vec![number << 3 | 2];
        bytes.extend([
            length as u8 | 0x80,
            (length >> 7) as u8 | 0x80,
            (length >> 14) as u8 | 0x80,
            (length >> 21) as u8,
        ]);
        bytes.extend(inner);
        bytes
    };
    file.record(&[&[0x09, 0, 0, 0, 0, 0, 0, 0, 0x40][..], &framed(5, &framed(1, &image))].concat());
    // No event at all.
    file.record(&vec![7; 5 << 20]);
    for piece in [999, usize::MAX] {
        let (mut store, mut reader) = (Store::default(), EventReader::default());
        for bytes in file.bytes().chunks(piece) {
            reader.push(bytes, store.run_mut("r"));
        }
        let plugins: Vec<_> = store.run("r").unwrap().plugins().into_iter().collect();
        assert_eq!(plugins, [("graphs", 1), ("images", 1)]);
        assert_eq!(
            (reader.problems().count(), store.run("r").unwrap().start()),
            (3, Some(1.0))
        );
    }
    // Damaged ones say nothing.
    let mut bytes = file.bytes().to_vec();
    for at in [60, 6 << 20] {
        bytes[at] ^= 1;
    }
    assert!(read(&bytes).0.run("r").unwrap().plugins().is_empty());
}

#[test]
fn session_is_read() {
    let mut session = Session {
        params: vec![
            ("adam".to_owned(), Param::Truth(true)),
            ("lr".to_owned(), Param::Number(0.1)),
            ("opt".to_owned(), Param::Text("sgd".to_owned())),
        ],
        group: "g".to_owned(),
        model_uri: "m".to_owned(),
        start_secs: 5.0,
        end_secs: 9.0,
        status: Status::Success,
    };
    let mut file = EventWriter::new(1.0);
    file.session(1.0, &session);
    assert_eq!(read(file.bytes()).0.run("r").unwrap().session(), Some(&session));
    let mut running = EventWriter::new(1.0);
    session.status = Status::Unknown;
    session.end_secs = 0.0;
    running.session(1.0, &session);
    assert_eq!(read(running.bytes()).0.run("r").unwrap().session(), Some(&session));
}

/// Whether `seen` lacks points of `whole`, but has none that `whole` has not.
fn is_part(seen: &Store, whole: &Store, tag: &str) -> bool {
    let whole = points(whole, tag);
    points(seen, tag).iter().all(|point| whole.contains(point))
}

#[test]
fn every_flipped_byte_is_reported_and_no_point_is_wrong() {
    let whole = small();
    let (expect, _) = read(whole.bytes());
    for at in 0..whole.bytes().len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = whole.bytes().to_vec();
            bytes[at] ^= mask;
            let (store, reader) = read(&bytes);
            assert_eq!(reader.problems().count(), 1, "byte {at}");
            let problem = &reader.problems().first()[0];
            assert!(problem.offset <= at as u64, "byte {at}: {problem}");
            assert!(
                ["loss", "acc", "lr"].iter().all(|tag| is_part(&store, &expect, tag)),
                "byte {at}"
            );
        }
    }
}

#[test]
fn every_cut_is_a_file_that_may_go_on() {
    let whole = small();
    let (expect, _) = read(whole.bytes());
    for cut in 0..whole.bytes().len() {
        let (mut store, mut reader) = read(&whole.bytes()[..cut]);
        assert_eq!(reader.problems().count(), 0, "cut {cut}");
        assert_eq!(reader.offset() + reader.pending(), cut as u64);
        assert!(is_part(&store, &expect, "loss"));
        reader.push(&whole.bytes()[cut..], store.run_mut("r"));
        for tag in ["loss", "acc", "lr"] {
            assert_eq!(points(&store, tag), points(&expect, tag), "cut {cut}");
        }
        assert_eq!((reader.pending(), reader.problems().count()), (0, 0));
    }
}

proptest! {
    #[test]
    fn any_pieces_give_the_same(pieces in prop::collection::vec(1_usize..90, 1..60), steps in prop::collection::vec((-5_i64..20, 0_usize..3, any::<f32>()), 0..60)) {
        let mut file = EventWriter::new(0.0);
        for (step, tag, value) in steps {
            file.scalar(step as f64, step, ["a", "b/c", "ü"][tag], value);
        }
        let (expect, whole) = read(file.bytes());
        let (mut store, mut reader, mut rest) = (Store::default(), EventReader::default(), file.bytes());
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*piece).min(rest.len()));
            reader.push(now, store.run_mut("r"));
            rest = later;
        }
        for tag in ["a", "b/c", "ü"] {
            let bits = |store: &Store| points(store, tag).iter().map(|one| (one.0, one.2.to_bits())).collect::<Vec<_>>();
            prop_assert_eq!(bits(&store), bits(&expect));
        }
        prop_assert_eq!(reader.records(), whole.records());
    }

    #[test]
    fn any_bytes_never_panic(bytes: Vec<u8>, valid: Vec<u8>) {
        let mut file = EventWriter::default();
        file.record(&valid);
        let (_, mut reader) = read(file.bytes());
        reader.push(&bytes, Store::default().run_mut("r"));
    }

    #[test]
    fn steps_ascend_after_any_restarts(steps in prop::collection::vec(-10_i64..30, 1..80)) {
        let mut file = EventWriter::default();
        let mut plain: Vec<(i64, usize)> = Vec::new();
        for (at, step) in steps.into_iter().enumerate() {
            file.scalar(at as f64, step, "t", at as f32);
            plain.retain(|one| one.0 < step);
            plain.push((step, at));
        }
        let (store, _) = read(file.bytes());
        let seen: Vec<(i64, usize)> = points(&store, "t").iter().map(|one| (one.0, one.2 as usize)).collect();
        prop_assert_eq!(seen, plain);
    }
}
