//! Tests the amounts: known values of apimachinery's own tests, and properties.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn canonical(text: &str, expect: &str) {
    let quantity = Quantity::parse(text).unwrap_or_else(|_| panic!("{text} is not read"));
    assert_eq!(quantity.canonical(), expect, "{text}");
}

#[test]
fn canonical_form_is_that_of_the_api_server() {
    for (text, expect) in [
        ("0", "0"),
        ("0.0", "0"),
        ("0Gi", "0"),
        ("-0", "0"),
        ("1", "1"),
        ("+1", "1"),
        ("-1", "-1"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("500m", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("0.001", "1m"),
        ("1u", "1u"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("1e3", "1e3"),
        ("1E3", "1e3"),
        ("1e-3", "1e-3"),
        ("12e4", "120e3"),
        ("1e0", "1"),
        ("1k", "1k"),
        ("1000k", "1M"),
        ("1M", "1M"),
        ("1G", "1G"),
        ("1T", "1T"),
        ("1P", "1P"),
        ("1E", "1E"),
        ("100E", "100E"),
        ("1Ki", "1Ki"),
        ("1Mi", "1Mi"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1.2Gi", "1288490188800m"),
        ("16Gi", "16Gi"),
        ("0.5Ki", "512"),
        ("0.0005Ki", "512m"),
        ("7Ei", "7Ei"),
        ("8Ei", "9223372036854775807"),
        ("100Ei", "9223372036854775807"),
        ("-2Gi", "-2Gi"),
        ("00012", "12"),
        ("1.0Gi", "1Gi"),
        ("9223372036854775807", "9223372036854775807"),
        ("1e2", "100"),
        ("1e1", "10"),
        ("-0.1n", "-1n"),
        ("1.00000000001", "1000000001n"),
    ] {
        canonical(text, expect);
    }
}

#[test]
fn nonsense_is_refused() {
    for text in [
        "", " ", ".", "-", "+", "Gi", "m", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i",
        "-3.01e-", " 1", "1 ", "1K", "1KI", "1ki", "1mi", "1gi", "e3", "1e", "1e+", "1e1.5", "--1", "½", "1Gi ",
        "1_000", "0x10", "NaN", "inf",
    ] {
        assert_eq!(Quantity::parse(text), Err(QuantityError), "{text:?}");
    }
}

#[test]
fn amounts_compare_by_value() {
    let parse = |text| Quantity::parse(text).unwrap();
    assert_eq!(parse("1"), parse("1000m"));
    assert_eq!(parse("1Gi"), parse("1024Mi"));
    assert!(parse("1G") < parse("1Gi"));
    assert!(parse("-1") < parse("0"));
    assert!(parse("1e99") > parse("100E"));
}

#[test]
fn sum_keeps_the_way_of_writing() {
    let sum: Quantity = ["1Gi", "512Mi", "1"].iter().map(|t| Quantity::parse(t).unwrap()).sum();
    assert_eq!(sum.canonical(), "1610612737");
    let sum: Quantity = ["1Gi", "512Mi"].iter().map(|t| Quantity::parse(t).unwrap()).sum();
    assert_eq!(sum.canonical(), "1536Mi");
    assert_eq!(
        (Quantity::parse("500m").unwrap() + Quantity::parse("1").unwrap()).canonical(),
        "1500m"
    );
    assert_eq!(
        (Quantity::parse("2").unwrap() - Quantity::parse("500m").unwrap()).canonical(),
        "1500m"
    );
}

#[test]
fn people_read_short_amounts() {
    let parse = |text| Quantity::parse(text).unwrap();
    for (text, bytes) in [
        ("16Gi", "16 Gi"),
        ("1.5Gi", "1.5 Gi"),
        ("1.2Gi", "1.2 Gi"),
        ("512Mi", "512 Mi"),
        ("17179869184", "16 Gi"),
        ("16G", "14.9 Gi"),
        ("0", "0 B"),
        ("100", "100 B"),
        ("-1Gi", "-1 Gi"),
        ("1023.999Mi", "1024 Mi"),
        ("2Ei", "2 Ei"),
    ] {
        assert_eq!(parse(text).bytes_text(), bytes, "{text}");
    }
    for (text, count) in [
        ("500m", "0.5"),
        ("4", "4"),
        ("1m", "0.001"),
        ("100u", "0"),
        ("24500m", "24.5"),
        ("1999.9996", "2000"),
        ("-250m", "-0.25"),
    ] {
        assert_eq!(parse(text).count_text(), count, "{text}");
    }
    assert_eq!(parse("64Gi").text_of("requests.memory"), "64 Gi");
    assert_eq!(parse("3").text_of("requests.nvidia.com/gpu"), "3");
}

#[test]
fn whole_values_round_up() {
    let parse = |text| Quantity::parse(text).unwrap();
    assert_eq!(parse("1500m").value(), 2);
    assert_eq!(parse("-1500m").value(), -1);
    assert_eq!(parse("1u").milli(), 1);
    assert_eq!(parse("1e99").value(), i64::MAX);
    assert_eq!(parse("24.5").percent_of(parse("32")), Some(76));
    assert_eq!(parse("1").percent_of(Quantity::ZERO), None);
    assert_eq!(parse("1e99").percent_of(parse("1n")), Some(999));
}

proptest! {
    #[test]
    fn canonical_form_reads_back_as_the_same_amount(
        mantissa in -999_999_999_i64..1_000_000_000,
        decimals in 0_u32..9,
        suffix in prop::sample::select(vec!["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "e3", "e-2", "E1"]),
    ) {
        let divisor = 10_i64.pow(decimals);
        let sign = if mantissa < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:0width$}{suffix}", mantissa.abs() / divisor, mantissa.abs() % divisor, width = decimals as usize);
        let quantity = Quantity::parse(&text).unwrap();
        let again = Quantity::parse(&quantity.canonical()).unwrap();
        prop_assert_eq!(quantity, again);
        prop_assert_eq!(quantity.canonical(), again.canonical());
    }

    #[test]
    fn sum_is_exact_in_thousandths(parts in prop::collection::vec(-1_000_000_i64..1_000_000, 0..20)) {
        let sum: Quantity = parts.iter().map(|p| Quantity::parse(&format!("{p}m")).unwrap()).sum();
        prop_assert_eq!(sum.milli(), parts.iter().sum::<i64>());
    }

    #[test]
    fn whole_bytes_keep_their_value(bytes in any::<i64>()) {
        let quantity = Quantity::bytes(bytes);
        prop_assert_eq!(quantity.value(), bytes);
        prop_assert_eq!(Quantity::parse(&quantity.canonical()).unwrap().value(), bytes.max(-i64::MAX));
    }

    #[test]
    fn order_is_that_of_the_numbers(a in any::<i32>(), b in any::<i32>()) {
        let (qa, qb) = (Quantity::parse(&format!("{a}u")).unwrap(), Quantity::parse(&format!("{b}u")).unwrap());
        prop_assert_eq!(qa.cmp(&qb), a.cmp(&b));
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in "[-+0-9.eEinumkMGTP]{0,60}") {
        if let Ok(quantity) = Quantity::parse(&text) {
            let _ = (quantity.canonical(), quantity.bytes_text(), quantity.count_text(), quantity.value(), quantity.milli());
        }
    }
}
