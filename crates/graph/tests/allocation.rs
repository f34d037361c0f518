//! Counts what a warm layout allocates: nothing.

use flowdeck_graph::{Graph, Layout, Memory, Options, Orientation, Point, Scratch, Size, layout_into};
use std::alloc::{GlobalAlloc, Layout as Request, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

#[expect(
    unsafe_code,
    reason = "an allocator can only be written so; each call goes on to the system's as it came"
)]
// SAFETY: every method passes its arguments on unchanged and keeps the system allocator's promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, request: Request) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(request) }
    }

    unsafe fn dealloc(&self, at: *mut u8, request: Request) {
        // SAFETY: the caller's promises are the same.
        unsafe { System.dealloc(at, request) }
    }

    unsafe fn realloc(&self, at: *mut u8, request: Request, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the same.
        unsafe { System.realloc(at, request, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tasks with joins and skips, groups, a wide fan, doubled edges, loops and edges across borders.
fn graph() -> Graph {
    let size = Size {
        width: 190.0,
        height: 46.0,
    };
    let mut graph = Graph::new();
    for node in 0..400_u32 {
        graph.add(size);
        if node > 0 {
            graph.connect(node * 7 % node, node);
            graph.connect(node / 2, node);
        }
    }
    let group = graph.add(Size::default());
    let inner: Vec<u32> = (0..30).map(|_| graph.add_inside(group, size)).collect();
    for pair in inner.windows(2) {
        graph.connect(pair[0], pair[1]);
        graph.connect(pair[0], pair[1]);
    }
    graph.connect(3, inner[4]);
    graph.connect(inner[9], inner[9]);
    for _ in 0..100 {
        let node = graph.add(size);
        graph.connect(5, node);
    }
    graph
}

#[test]
fn warm_layout_allocates_nothing() {
    let graph = graph();
    let (mut scratch, mut out) = (Scratch::default(), Layout::default());
    let rank = |node: u32| u64::from(node % 3);
    for orientation in [Orientation::Down, Orientation::Right] {
        let mut options = Options {
            orientation,
            bundle_above: 20,
            bundle_order: Some(&rank),
            ..Options::default()
        };
        layout_into(&graph, &options, &mut scratch, &mut out);
        let memory = Memory::of(&out, u64::from);
        let before = |node: u32| memory.at(u64::from(node));
        let hints: [Option<&dyn Fn(u32) -> Option<Point>>; 2] = [None, Some(&before)];
        for before in hints {
            options.before = before;
            layout_into(&graph, &options, &mut scratch, &mut out);
            let had = COUNT.with(Cell::get);
            layout_into(&graph, &options, &mut scratch, &mut out);
            assert_eq!(COUNT.with(Cell::get) - had, 0, "{orientation:?}");
        }
        assert_eq!(out.bundles().len(), 1);
    }
}
