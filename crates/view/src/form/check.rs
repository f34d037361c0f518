//! Judges the form as one types: what would be refused is a problem, what would only wait is a warning.

use super::{
    amount::{limit_for, positive, with_unit},
    model::{Field, Form, Problem, Workspace},
    name::{claim_name_problem, name_problem},
};
use crate::{config::Spawner, quota::QuotaLine};
use flowdeck_objects::Quantity;

/// What the form is held against.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// Whether a notebook of this name exists.
    pub has_notebook: &'a dyn Fn(&str) -> bool,
    /// Whether a volume claim of this name exists.
    pub has_claim: &'a dyn Fn(&str) -> bool,
    /// What nodes have of each vendor's GPUs; empty when nodes may not be read.
    pub gpus: &'a [Gpu],
    /// What the namespace has left.
    pub quota: &'a [QuotaLine],
}

/// GPUs of one vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// Resource name, such as `nvidia.com/gpu`.
    pub resource: String,
    /// Most that one node has.
    pub most: i64,
}

/// All problems of the form; none means that it can be sent.
pub fn check(form: &Form, spawner: &Spawner, world: World<'_>) -> Vec<Problem> {
    let mut out = Vec::new();
    let mut add = |field: Field, message: Option<String>| {
        if let Some(message) = message {
            out.push(Problem { field, message });
        }
    };
    let name = form.name.trim();
    let taken = || (world.has_notebook)(name).then(|| [name, " exists already"].concat());
    add(Field::Name, name_problem(name).or_else(taken));
    add(Field::Image, image_problem(form.image.trim(), form, spawner));
    let memory = with_unit(&form.memory, "Gi");
    add(Field::Cpu, amount_problem(&form.cpu, "CPUs", "0.5, 2 or 500m"));
    add(Field::Memory, amount_problem(&memory, "memory", "4, 1.5 or 512Mi"));
    add(Field::Gpu, gpu_problem(form, world.gpus));
    if form.own_limits {
        add(Field::CpuLimit, limit_problem(&form.cpu_limit, &form.cpu));
        add(
            Field::MemoryLimit,
            limit_problem(&with_unit(&form.memory_limit, "Gi"), &memory),
        );
    }
    match form.workspace {
        Workspace::New => {
            let claim = form.new_claim_name(spawner).unwrap_or_default();
            let taken = || {
                (world.has_claim)(&claim)
                    .then(|| ["A volume ", &claim, " exists: choose it as existing, or name another"].concat())
            };
            // A name that follows from the notebook's would only say again what is wrong with that one.
            if name_problem(name).is_none() || !form.volume_name.trim().is_empty() {
                add(Field::VolumeName, claim_name_problem(&claim).or_else(taken));
            }
            let size = with_unit(&form.volume_size, "Gi");
            add(Field::VolumeSize, amount_problem(&size, "size", "5, 100 or 1Ti"));
        }
        Workspace::Existing => {
            let chosen = form.volume_existing.trim();
            add(
                Field::VolumeExisting,
                chosen.is_empty().then(|| "Choose a volume".to_owned()),
            );
        }
        Workspace::None => {}
    }
    if form.workspace != Workspace::None {
        add(Field::Mount, mount_problem(form.mount.trim(), form.shared_memory));
    }
    out
}

/// What will be accepted but not run: more than the namespace has left. One sentence a resource.
pub fn warnings(form: &Form, world: World<'_>) -> Vec<Problem> {
    asked(form)
        .into_iter()
        .filter_map(|(field, resource, amount)| {
            let line = world.quota.iter().find(|line| line.resource == resource)?;
            let left = line.left();
            (amount > left).then(|| Problem {
                field,
                message: ["Only ", &left.text_of(&resource), " of ", &line.hard_text(), " left"].concat(),
            })
        })
        .collect()
}

/// The namespace's quota as it will be used once the notebook runs.
pub fn quota_after(form: &Form, quota: &[QuotaLine]) -> Vec<QuotaLine> {
    let mut lines = quota.to_vec();
    for (_, resource, amount) in asked(form) {
        for line in lines.iter_mut().filter(|line| line.resource == resource) {
            line.used = line.used + amount;
        }
    }
    lines
}

/// What the notebook reserves, as far as it can be read: field, resource, amount.
fn asked(form: &Form) -> Vec<(Field, String, Quantity)> {
    let memory = with_unit(&form.memory, "Gi");
    let gpus = form
        .gpus()
        .filter(|count| *count > 0)
        .map(|count| Quantity::whole(i64::from(count)));
    let cpu = positive(form.cpu.trim()).map(|amount| (Field::Cpu, "cpu".to_owned(), amount));
    let memory = positive(&memory).map(|amount| (Field::Memory, "memory".to_owned(), amount));
    let gpus = gpus.map(|amount| (Field::Gpu, form.gpu_vendor.clone(), amount));
    cpu.into_iter().chain(memory).chain(gpus).collect()
}

fn image_problem(image: &str, form: &Form, spawner: &Spawner) -> Option<String> {
    let offered = spawner.images(form.server);
    let wrong = if image.is_empty() {
        "Choose an image"
    } else if image.contains("://") {
        "Leave out https://: an image starts with its registry"
    } else if image.chars().any(char::is_whitespace) {
        "No spaces"
    } else if !image
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b))
        || image.contains("//")
    {
        "Not an image: registry/name:tag is expected"
    } else if image
        .split(['@', ':'])
        .next()
        .is_some_and(|path| path.rsplit('/').next() == Some(""))
    {
        "The image's name is missing"
    } else if name_part(image).bytes().any(|b| b.is_ascii_uppercase()) {
        "An image's name is lower case"
    } else if !spawner.allow_custom_image.0 && !offered.options.iter().any(|option| option == image) {
        "Your administrator offers only the images of the list"
    } else {
        return None;
    };
    Some(wrong.to_owned())
}

/// The path of an image without registry, tag and digest; only that has to be lower case.
fn name_part(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let path = image.split_once('/').map_or(image, |(_, path)| path);
    path.rsplit_once(':').map_or(path, |(name, _)| name)
}

fn amount_problem(quantity: &str, what: &str, like: &str) -> Option<String> {
    let text = quantity.trim();
    let wrong = match Quantity::parse(text) {
        _ if text.is_empty() => ["Say how much: ", like].concat(),
        Ok(amount) if amount > Quantity::ZERO => return None,
        Ok(_) => ["More than nothing is needed: ", like].concat(),
        Err(_) => ["Not an amount of ", what, ": ", like, " is expected"].concat(),
    };
    Some(wrong)
}

fn limit_problem(limit: &str, request: &str) -> Option<String> {
    if limit.trim().is_empty() {
        return None;
    }
    let Ok(limit) = Quantity::parse(limit.trim()) else {
        return Some("Not an amount".to_owned());
    };
    let request = Quantity::parse(request.trim()).ok()?;
    (limit < request).then(|| "Less than the request".to_owned())
}

fn gpu_problem(form: &Form, gpus: &[Gpu]) -> Option<String> {
    let Some(count) = form.gpus() else {
        return Some("A whole number is expected".to_owned());
    };
    if count == 0 {
        return None;
    }
    if form.gpu_vendor.is_empty() {
        return Some("Choose whose GPUs".to_owned());
    }
    if gpus.is_empty() {
        return None;
    }
    match gpus.iter().find(|gpu| gpu.resource == form.gpu_vendor) {
        Some(gpu) if i64::from(count) <= gpu.most => None,
        Some(gpu) if gpu.most > 0 => Some(["No node has more than ", &gpu.most.to_string()].concat()),
        _ => Some("No node has such GPUs".to_owned()),
    }
}

fn mount_problem(path: &str, shared_memory: bool) -> Option<String> {
    let wrong = if path.is_empty() {
        "Say where the volume is mounted: /home/jovyan"
    } else if !path.starts_with('/') {
        "Start with /"
    } else if path == "/" {
        "Not the root folder: the server's own files are there"
    } else if path.contains(':') || path.chars().any(char::is_control) {
        "No : in the path"
    } else if path.split('/').any(|part| part == "..") {
        "No .. in the path"
    } else if shared_memory && path.trim_end_matches('/') == "/dev/shm" {
        "/dev/shm is the shared memory"
    } else {
        return None;
    };
    Some(wrong.to_owned())
}

impl Form {
    /// CPU and memory limit as they will be sent; `None` is no limit.
    pub fn limits(&self, spawner: &Spawner) -> (Option<String>, Option<String>) {
        let typed = |text: String| (!text.is_empty()).then_some(text);
        let memory = with_unit(&self.memory, "Gi");
        if self.own_limits {
            (
                typed(self.cpu_limit.trim().to_owned()),
                typed(with_unit(&self.memory_limit, "Gi")),
            )
        } else {
            (
                limit_for(self.cpu.trim(), &spawner.cpu.limit_factor, false),
                limit_for(&memory, &spawner.memory.limit_factor, true),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(edit: impl FnOnce(&mut Form)) -> Vec<(Field, String)> {
        let mut form = Form::new(&Spawner::default());
        (form.name, form.image) = ("nb".to_owned(), "ghcr.io/a/b:v1".to_owned());
        form.workspace = Workspace::New;
        edit(&mut form);
        let gpus = [Gpu {
            resource: "nvidia.com/gpu".to_owned(),
            most: 4,
        }];
        let world = World {
            has_notebook: &|name| name == "taken",
            has_claim: &|name| name == "old-workspace",
            gpus: &gpus,
            quota: &[],
        };
        check(&form, &Spawner::default(), world)
            .into_iter()
            .map(|p| (p.field, p.message))
            .collect()
    }

    fn check_one(edit: impl FnOnce(&mut Form), field: Field, message: &str) {
        assert_eq!(problems(edit), [(field, message.to_owned())]);
    }

    #[test]
    fn good_form_gives_no_problem() {
        assert_eq!(problems(|_| {}), []);
        assert_eq!(
            problems(|f| (f.gpu_count, f.gpu_vendor) = ("4".to_owned(), "nvidia.com/gpu".to_owned())),
            []
        );
        assert_eq!(
            problems(|f| f.image = "Registry.local:5000/a/b@sha256:00".to_owned()),
            []
        );
        assert_eq!(problems(|f| f.workspace = Workspace::None), []);
    }

    #[test]
    fn each_wrong_field_says_what_to_do() {
        check_one(|f| f.name = "taken".to_owned(), Field::Name, "taken exists already");
        check_one(
            |f| f.image = "https://a/b".to_owned(),
            Field::Image,
            "Leave out https://: an image starts with its registry",
        );
        check_one(
            |f| f.image = "a/B:v1".to_owned(),
            Field::Image,
            "An image's name is lower case",
        );
        check_one(
            |f| f.cpu = "much".to_owned(),
            Field::Cpu,
            "Not an amount of CPUs: 0.5, 2 or 500m is expected",
        );
        check_one(
            |f| f.cpu = "0".to_owned(),
            Field::Cpu,
            "More than nothing is needed: 0.5, 2 or 500m",
        );
        check_one(
            |f| f.memory = "4 GB".to_owned(),
            Field::Memory,
            "Not an amount of memory: 4, 1.5 or 512Mi is expected",
        );
        check_one(
            |f| (f.gpu_count, f.gpu_vendor) = ("8".to_owned(), "nvidia.com/gpu".to_owned()),
            Field::Gpu,
            "No node has more than 4",
        );
        check_one(
            |f| (f.gpu_count, f.gpu_vendor) = ("1".to_owned(), "amd.com/gpu".to_owned()),
            Field::Gpu,
            "No node has such GPUs",
        );
        check_one(
            |f| f.mount = "/".to_owned(),
            Field::Mount,
            "Not the root folder: the server's own files are there",
        );
        check_one(
            |f| f.workspace = Workspace::Existing,
            Field::VolumeExisting,
            "Choose a volume",
        );
        check_one(
            |f| f.name = "old".to_owned(),
            Field::VolumeName,
            "A volume old-workspace exists: choose it as existing, or name another",
        );
        check_one(
            |f| (f.own_limits, f.cpu_limit) = (true, "0.1".to_owned()),
            Field::CpuLimit,
            "Less than the request",
        );
    }

    #[test]
    fn more_than_is_left_gives_a_warning() {
        let quota = [QuotaLine {
            resource: "cpu".to_owned(),
            label: "CPU".to_owned(),
            used: Quantity::parse("24.5").unwrap(),
            hard: Quantity::parse("32").unwrap(),
        }];
        let world = World {
            has_notebook: &|_| false,
            has_claim: &|_| false,
            gpus: &[],
            quota: &quota,
        };
        let mut form = Form::new(&Spawner::default());
        assert_eq!(warnings(&form, world), []);
        form.cpu = "8".to_owned();
        assert_eq!(warnings(&form, world)[0].message, "Only 7.5 of 32 left");
    }
}
