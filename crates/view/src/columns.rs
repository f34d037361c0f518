//! Decides which columns of a table have room at a width, and how the rest share it.

/// What a column asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its smallest width, in CSS pixels.
    pub min_px: u16,
    /// Its share of the width that is left over.
    pub grow: u8,
    /// Goes earlier than columns with less when there is no room; 0 never goes.
    pub spare: u8,
}

/// For each column whether it is shown at `width_px`, of which `fixed_px` are taken by something else.
pub fn fit(columns: &[Ask], width_px: f64, fixed_px: f64) -> Vec<bool> {
    let mut shown = vec![true; columns.len()];
    let mut need: f64 = fixed_px + columns.iter().map(|c| f64::from(c.min_px)).sum::<f64>();
    while need > width_px {
        let most = (0..columns.len())
            .filter(|c| shown[*c])
            .max_by_key(|c| columns[*c].spare);
        let Some(gone) = most.filter(|c| columns[*c].spare > 0) else {
            break;
        };
        shown[gone] = false;
        need -= f64::from(columns[gone].min_px);
    }
    shown
}

/// The CSS `grid-template-columns` of the shown columns, with `fixed_px` at the end.
pub fn template(columns: &[Ask], shown: &[bool], fixed_px: f64) -> String {
    let mut out = String::new();
    for (column, _) in columns.iter().zip(shown).filter(|(_, shown)| **shown) {
        if column.grow == 0 {
            out.push_str(&format!("{}px ", column.min_px));
        } else {
            out.push_str(&format!("minmax({}px, {}fr) ", column.min_px, column.grow));
        }
    }
    out.push_str(&format!("{}px", fixed_px as u32));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Ask] = &[
        Ask {
            min_px: 200,
            grow: 2,
            spare: 0,
        },
        Ask {
            min_px: 100,
            grow: 0,
            spare: 2,
        },
        Ask {
            min_px: 100,
            grow: 1,
            spare: 1,
        },
    ];

    #[test]
    fn wide_room_shows_all() {
        assert_eq!(fit(COLUMNS, 450.0, 50.0), [true, true, true]);
    }

    #[test]
    fn less_room_hides_the_most_spare_first() {
        assert_eq!(fit(COLUMNS, 449.0, 50.0), [true, false, true]);
        assert_eq!(fit(COLUMNS, 300.0, 50.0), [true, false, false]);
    }

    #[test]
    fn needed_column_stays_without_room() {
        assert_eq!(fit(COLUMNS, 10.0, 50.0), [true, false, false]);
    }

    #[test]
    fn template_leaves_hidden_columns_out() {
        assert_eq!(
            template(COLUMNS, &[true, false, true], 50.0),
            "minmax(200px, 2fr) minmax(100px, 1fr) 50px"
        );
    }
}
