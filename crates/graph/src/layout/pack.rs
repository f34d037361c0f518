//! Packs the unconnected parts of a group in rows, in their order, into about the shape of a screen.

use crate::graph::Size;

/// How much wider than high the whole shall be.
const SHAPE: f32 = 1.6;
/// What fits in here stands side by side, whatever the shape: branches are compared across, not from top to bottom.
const ROW: f32 = 1000.0;

/// A part and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) size: Size,
    /// From where to where the points of its edges go.
    pub(super) points: (u32, u32),
    /// Whether edges pass the border of the group from here: nothing may be above or below.
    pub(super) borders: bool,
    /// What is between it and the border of the group, above and below; where edges pass there is a gap already.
    pub(super) inset: (f32, f32),
    pub(super) x: f32,
    pub(super) y: f32,
}

/// The room to pack.
#[derive(Debug, Default)]
pub(super) struct Pack {
    order: Vec<u32>,
}

impl Pack {
    /// Places the pieces and gives the size of all; `turned` is whether the result will be seen with its sides swapped.
    pub(super) fn pack(&mut self, pieces: &mut [Piece], gap: f32, turned: bool) -> Size {
        // From left to right, then the others beside them.
        let mut left = 0.0;
        let mut all = Size::default();
        for piece in pieces.iter_mut().filter(|piece| piece.borders) {
            (piece.x, piece.y) = (left, piece.inset.0);
            all.width = left + piece.size.width;
            all.height = all.height.max(piece.inset.0 + piece.size.height + piece.inset.1);
            left = all.width + gap;
        }
        let others = || pieces.iter().filter(|piece| !piece.borders);
        let area: f32 = others()
            .map(|piece| (piece.size.width + gap) * (piece.size.height + gap))
            .sum();
        let widest = others().map(|piece| piece.size.width).fold(0.0, f32::max);
        let row: f32 = others().map(|piece| piece.size.width + gap).sum();
        let (shape, most) = if turned {
            (1.0 / SHAPE, ROW / SHAPE)
        } else {
            (SHAPE, ROW)
        };
        let width = widest.max((area * shape).sqrt()).max(row.min(most));
        let (mut x, mut y, mut high) = (0.0_f32, 0.0_f32, 0.0_f32);
        // Parts with edges first: what stands alone fills the rows below.
        self.order.clear();
        self.order.extend((0..pieces.len()).map(crate::graph::index));
        self.order.sort_unstable_by_key(|&piece| {
            (
                pieces[piece as usize].points.0 == pieces[piece as usize].points.1,
                piece,
            )
        });
        for &at in &self.order {
            let piece = &mut pieces[at as usize];
            if piece.borders {
                continue;
            }
            if x > 0.0 && x + piece.size.width > width {
                (x, y, high) = (0.0, y + high + gap, 0.0);
            }
            (piece.x, piece.y) = (left + x, piece.inset.0 + y);
            x += piece.size.width + gap;
            high = high.max(piece.size.height);
            all.width = all.width.max(left + x - gap);
            all.height = all.height.max(piece.inset.0 + y + high + piece.inset.1);
        }
        all
    }

    /// The bytes that this holds on to.
    pub(super) fn bytes(&self) -> usize {
        4 * self.order.capacity()
    }
}
