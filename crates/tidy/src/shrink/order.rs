//! Orders functions so that a compressor still has the like of each in its window.
//!
//! Generic code is compiled once a type, into copies that differ in a few bytes. Gzip looks back 32 KiB: what is alike
//! must lie near. A chain is built that always goes on with the function that shares most, for its length, with those
//! just placed; for the page that is 5 % less than the order by name.

/// Bytes in a run that two functions share or don't.
const RUN: usize = 7;
/// A run that more functions have says little about any two of them.
const COMMON: usize = 60;
/// Bytes of functions that count as just placed: gzip's window less room for the next one.
const WINDOW: usize = 28_000;

/// The functions' indices in the order in which they compress well; the same for the same bodies.
pub(super) fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let likeness = Likeness::new(bodies);
    let mut shared = vec![0_u32; bodies.len()];
    let mut seen = vec![0_u32; likeness.having.len()];
    let mut is_placed = vec![false; bodies.len()];
    let mut placed = Vec::with_capacity(bodies.len());
    let (mut oldest, mut bytes) = (0, 0);
    let mut next = (0..bodies.len()).max_by_key(|&function| bodies[function].len());
    while let Some(function) = next {
        is_placed[function] = true;
        placed.push(function);
        bytes += bodies[function].len();
        for &run in &likeness.runs[function] {
            seen[run] += 1;
            if seen[run] == 1 {
                likeness.having[run].iter().for_each(|&other| shared[other] += 1);
            }
        }
        while bytes > WINDOW && oldest + 1 < placed.len() {
            bytes -= bodies[placed[oldest]].len();
            for &run in &likeness.runs[placed[oldest]] {
                seen[run] -= 1;
                if seen[run] == 0 {
                    likeness.having[run].iter().for_each(|&other| shared[other] -= 1);
                }
            }
            oldest += 1;
        }
        let gain = |function: usize| f64::from(shared[function]) / likeness.weight[function];
        next = (0..bodies.len())
            .filter(|&function| !is_placed[function])
            .reduce(|best, function| if gain(function) > gain(best) { function } else { best });
    }
    placed
}

/// Which runs of bytes occur in several functions, and where.
struct Likeness {
    /// For each function, its runs.
    runs: Vec<Vec<usize>>,
    /// For each run, the functions that have it.
    having: Vec<Vec<usize>>,
    /// What a function's shared runs are divided by: not quite its length, for a long one saves more.
    weight: Vec<f64>,
}

impl Likeness {
    fn new(bodies: &[&[u8]]) -> Self {
        let mut all: Vec<(&[u8], usize)> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            all.extend(body.windows(RUN).map(|run| (run, function)));
        }
        all.sort_unstable();
        all.dedup();
        let mut runs = vec![Vec::new(); bodies.len()];
        let mut having: Vec<Vec<usize>> = Vec::new();
        for same in all.chunk_by(|one, other| one.0 == other.0) {
            if (2..=COMMON).contains(&same.len()) {
                same.iter().for_each(|&(_, function)| runs[function].push(having.len()));
                having.push(same.iter().map(|&(_, function)| function).collect());
            }
        }
        let weight = bodies.iter().map(|body| (body.len() as f64 + 60.0).powf(0.85));
        Self {
            runs,
            having,
            weight: weight.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without a run in common with those of another seed.
    fn noise(seed: u8) -> Vec<u8> {
        (0..200_u32)
            .map(|at| (at * 7 + u32::from(seed) * 31 + at * at % 251) as u8 ^ seed)
            .collect()
    }

    #[test]
    fn every_function_has_one_place() {
        let bodies: Vec<Vec<u8>> = (0..40).map(noise).collect();
        let mut order = by_likeness(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..40).collect::<Vec<_>>());
        assert_eq!(by_likeness(&[]), Vec::<usize>::new());
    }

    #[test]
    fn copies_come_together() {
        // Two copies of each, all first ones before all second ones.
        let bodies: Vec<Vec<u8>> = (0..12).map(|function| noise(function % 6)).collect();
        let order = by_likeness(&bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for pair in order.chunks(2) {
            assert_eq!(pair[0] % 6, pair[1] % 6, "{order:?}");
        }
    }
}
