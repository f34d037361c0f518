//! Measures and shortens text without a browser.

/// Advances of Inter at weight 600 in hundredths of the size, from the space to the tilde, as Chromium measures them.
const ADVANCES: [u8; 95] = [
    25, 32, 52, 64, 65, 100, 66, 33, 37, 37, 54, 67, 32, 47, 32, 38, 66, 42, 62, 64, 67, 61, 64, 58, 64, 64, 32, 33,
    67, 67, 67, 54, 100, 73, 66, 74, 72, 61, 59, 75, 75, 28, 58, 70, 57, 92, 76, 77, 65, 77, 65, 65, 66, 74, 73, 102,
    72, 71, 65, 37, 38, 37, 48, 47, 35, 57, 62, 58, 62, 59, 39, 63, 61, 26, 26, 57, 26, 90, 61, 61, 62, 62, 40, 55, 35,
    61, 59, 84, 57, 59, 57, 45, 36, 45, 67,
];

/// How wide a text is at a size, in pixels. Lighter weights are a little narrower.
pub(crate) fn width(text: &str, size: f32) -> f32 {
    let advance = |c: char| {
        let known = (c as usize).checked_sub(32).and_then(|at| ADVANCES.get(at));
        let wide = c as u32 >= 0x1100;
        f32::from(known.copied().unwrap_or(if wide { 104 } else { 66 }))
    };
    text.chars().map(advance).sum::<f32>() * size / 100.0
}

/// The text, or its beginning and its last few characters around an ellipsis: names often differ only at their end.
pub(crate) fn shortened(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let tail: String = chars[chars.len().saturating_sub(6)..].iter().collect();
    let mut head: String = chars[..chars.len().saturating_sub(6)].iter().collect();
    while head.pop().is_some() {
        let tried = format!("{}…{}", head.trim_end(), tail.trim_start());
        if width(&tried, size) <= room {
            return tried;
        }
    }
    ended(text, size, room)
}

/// The text, or as much of its beginning as there is room for.
pub(crate) fn ended(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut head = text.to_owned();
    while head.pop().is_some() {
        let tried = format!("{}…", head.trim_end());
        if width(&tried, size) <= room {
            return tried;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_text_fits_and_keeps_its_end() {
        let long = "train-the-model-on-everything-that-there-is-12";
        for room in [20.0, 60.0, 130.0, 200.0] {
            assert!(width(&shortened(long, 13.0, room), 13.0) <= room);
            assert!(width(&ended(long, 13.0, room), 13.0) <= room);
        }
        assert!(shortened(long, 13.0, 130.0).ends_with("-is-12"));
        assert_eq!(shortened("short", 13.0, 130.0), "short");
    }
}
