//! Keeps what is typed as one line of text, so that a reload or a new sign-in loses nothing.
//!
//! Unknown keys are left out, missing ones keep their default: a draft of an older version still helps.

use super::model::{Form, Workspace};
use crate::query::{encode, pairs};
use flowdeck_objects::ServerType;

impl Form {
    /// The draft to store.
    pub fn to_draft(&self) -> String {
        let mut copy = self.clone();
        let mut out = String::new();
        for (key, value) in copy.texts() {
            put(key, value, &mut out);
        }
        let yes = |on: bool| if on { "1" } else { "0" };
        put("server", server_word(self.server), &mut out);
        put("workspace", self.workspace.word(), &mut out);
        put("shm", yes(self.shared_memory), &mut out);
        put("limits", yes(self.own_limits), &mut out);
        out
    }

    /// Takes over what the draft holds.
    pub fn apply_draft(&mut self, draft: &str) {
        for (key, value) in pairs(draft) {
            match key.as_str() {
                "server" => self.server = server_from_word(&value),
                "workspace" => self.workspace = Workspace::from_word(&value),
                "shm" => self.shared_memory = value == "1",
                "limits" => self.own_limits = value == "1",
                key => {
                    if let Some((_, field)) = self.texts().into_iter().find(|(known, _)| *known == key) {
                        *field = value;
                    }
                }
            }
        }
    }

    fn texts(&mut self) -> [(&'static str, &mut String); 14] {
        [
            ("name", &mut self.name),
            ("image", &mut self.image),
            ("cpu", &mut self.cpu),
            ("memory", &mut self.memory),
            ("gpus", &mut self.gpu_count),
            ("vendor", &mut self.gpu_vendor),
            ("volume", &mut self.volume_name),
            ("size", &mut self.volume_size),
            ("class", &mut self.volume_class),
            ("existing", &mut self.volume_existing),
            ("mount", &mut self.mount),
            ("pull", &mut self.pull_policy),
            ("cpu-limit", &mut self.cpu_limit),
            ("memory-limit", &mut self.memory_limit),
        ]
    }
}

/// The word of a kind of server, as its annotation has it.
pub fn server_word(server: ServerType) -> &'static str {
    match server {
        ServerType::Jupyter | ServerType::Other => "jupyter",
        ServerType::VsCode => "group-one",
        ServerType::RStudio => "group-two",
    }
}

/// Reads the word of a kind of server.
pub fn server_from_word(word: &str) -> ServerType {
    match word {
        "group-one" => ServerType::VsCode,
        "group-two" => ServerType::RStudio,
        _ => ServerType::Jupyter,
    }
}

fn put(key: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(key);
    out.push('=');
    encode(value, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spawner;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn draft_gives_the_same_form(texts in proptest::collection::vec("\\PC{0,12}", 14), server in 0..3_usize, workspace in 0..3_usize, shm: bool, limits: bool) {
            let mut form = Form::new(&Spawner::default());
            for ((_, field), text) in form.texts().into_iter().zip(texts) {
                *field = text;
            }
            form.server = [ServerType::Jupyter, ServerType::VsCode, ServerType::RStudio][server];
            form.workspace = Workspace::ALL[workspace];
            (form.shared_memory, form.own_limits) = (shm, limits);
            let mut read = Form::new(&Spawner::default());
            read.apply_draft(&form.to_draft());
            prop_assert_eq!(read, form);
        }

        #[test]
        fn any_text_gives_a_form(text in "\\PC*") {
            Form::new(&Spawner::default()).apply_draft(&text);
        }
    }
}
