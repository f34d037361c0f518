//! Lets the real KFP SDK compile pipelines, and holds the reader to what their author says that they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use flowdeck_graph::{EdgeKind, Form, Hint, Pipeline, read};
use flowdeck_peers::program;

/// What a pipeline shows: python/pipelines.py says it by hand.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
struct Shows {
    /// Kinds by path.
    nodes: BTreeMap<String, String>,
    /// `GROUP: FROM -> TO Data OUTPUT`, or `… Order`.
    edges: BTreeSet<String>,
}

fn shown(pipeline: &Pipeline) -> Shows {
    let below = pipeline.nodes().filter(|node| node.parent().is_some());
    let edges = pipeline.nodes().flat_map(|node| {
        node.edges().map(move |edge| {
            let ends = format!("{}: {} -> {}", node.path(), edge.from().key(), edge.to().key());
            match edge.kind() {
                EdgeKind::Data => format!("{ends} Data {}", edge.output()),
                other => format!("{ends} {other:?}"),
            }
        })
    });
    Shows {
        nodes: below.map(|node| (node.path(), format!("{:?}", node.kind()))).collect(),
        edges: edges.collect(),
    }
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn pipelines_of_the_real_sdk_show_what_their_author_says() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/pipelines.py");
    let compiled = program("python", folder.path())
        .expect("the peers")
        .arg(script)
        .arg(folder.path())
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{words}");
    let wanted: BTreeMap<String, Shows> = serde_json::from_slice(&compiled.stdout).unwrap();
    assert_eq!(wanted.len(), 5, "{:?}", wanted.keys());
    for (name, wanted) in wanted {
        let bytes = std::fs::read(folder.path().join(format!("{name}.yaml"))).unwrap();
        let pipeline = read(&bytes, Hint::Yaml).unwrap();
        assert_eq!((pipeline.form(), pipeline.name()), (Form::KfpIr, name.as_str()));
        assert_eq!(pipeline.faults(), [], "{name}");
        assert_eq!(shown(&pipeline), wanted, "{name}");
    }
}
