//! Reads lists of Pods and Notebooks in a page as the app does, and keeps what was read.
//!
//! Never more than the app's own parser: what is measured here is `flowdeck_objects::List::parse`.

use flowdeck_objects::{List, Notebook, Pod};
use wasm_bindgen::prelude::wasm_bindgen;

/// Objects that were read, kept until it is dropped.
#[wasm_bindgen]
#[derive(Default)]
pub struct Kept {
    pods: Vec<List<Pod>>,
    notebooks: Vec<List<Notebook>>,
}

#[wasm_bindgen]
impl Kept {
    /// Nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Kept {
        Kept::default()
    }

    /// Reads a page of Pods; how many there were, or -1 if it could not be read.
    pub fn pods(&mut self, body: &[u8]) -> i32 {
        keep(&mut self.pods, List::parse(body).ok())
    }

    /// Reads a page of Notebooks; how many there were, or -1 if it could not be read.
    pub fn notebooks(&mut self, body: &[u8]) -> i32 {
        keep(&mut self.notebooks, List::parse(body).ok())
    }
}

fn keep<T>(lists: &mut Vec<List<T>>, list: Option<List<T>>) -> i32 {
    let Some(list) = list else { return -1 };
    let read = i32::try_from(list.items.len()).unwrap_or(-1);
    lists.push(list);
    read
}
