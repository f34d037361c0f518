//! Tests what the Containerfile and the release workflow promise, by reading them: no container engine runs here.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use flowdeck_deploy::{all, deploy, golden_objects, pod_spec, read};

fn source(name: &str) -> String {
    std::fs::read_to_string(deploy().join("..").join(name)).unwrap()
}

/// The instructions of the Containerfile: name and the rest, lines that go on put together.
fn instructions() -> Vec<(String, String)> {
    let text = source("Containerfile").replace("\\\n", " ");
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let split = lines.map(|line| {
        let (name, rest) = line.trim().split_once(' ').unwrap_or((line, ""));
        (name.to_owned(), rest.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    split.collect()
}

#[test]
fn every_instruction_is_one_and_stages_are_named_before_they_are_used() {
    let mut stages = Vec::new();
    for (name, rest) in instructions() {
        match name.as_str() {
            "FROM" => {
                let words: Vec<&str> = rest.split(' ').collect();
                let image = words[0];
                let (_, tag) = image.rsplit_once(':').expect(image);
                assert_ne!(tag, "latest", "{image}");
                if let [_, "AS", stage] = words[..] {
                    stages.push(stage.to_owned());
                } else {
                    assert_eq!(words.len(), 1, "{rest}");
                }
            }
            "COPY" => {
                if let Some(from) = rest.strip_prefix("--from=") {
                    let stage = from.split(' ').next().unwrap();
                    assert!(stages.iter().any(|known| known == stage), "{stage}");
                }
            }
            "ARG" | "RUN" | "WORKDIR" | "USER" | "EXPOSE" | "ENTRYPOINT" => assert!(!rest.is_empty(), "{name}"),
            _ => panic!("{name} is no instruction that this image needs"),
        }
    }
    assert_eq!(stages, ["node", "build"]);
}

#[test]
fn what_runs_is_no_root_has_no_shell_and_listens_where_the_deployment_says() {
    let all = instructions();
    let last = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    let stage = &all[last..];
    let of = |wanted: &str| -> Vec<&str> {
        stage
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, rest)| rest.as_str())
            .collect()
    };
    assert_eq!(of("FROM"), ["gcr.io/distroless/cc-debian12:nonroot"]);
    assert_eq!(of("COPY"), ["--from=build /out/ /"]);
    assert!(of("RUN").is_empty());
    assert_eq!(of("ENTRYPOINT"), ["[\"/usr/bin/flowdeck-gateway\"]"]);
    let objects = golden_objects("base").unwrap();
    let deployment = objects.iter().find(|object| object["kind"] == "Deployment").unwrap();
    let pod = pod_spec(deployment).unwrap();
    let user = &pod["securityContext"];
    assert_eq!(of("USER"), [format!("{}:{}", user["runAsUser"], user["runAsGroup"])]);
    let ports = pod["containers"][0]["ports"].as_array().unwrap();
    let ports: Vec<String> = ports.iter().map(|port| port["containerPort"].to_string()).collect();
    assert_eq!(of("EXPOSE"), [ports.join(" ")]);
}

#[test]
fn versions_and_places_are_those_of_the_sources() {
    let cargo = source("Cargo.toml");
    let value = |key: &str| {
        let line = cargo
            .lines()
            .find(|line| line.starts_with(&format!("{key} = \"")))
            .unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let file = source("Containerfile");
    assert!(file.contains(&format!(
        "docker.io/library/rust:{}-bookworm AS build",
        value("rust-version")
    )));
    for (_, rendering) in flowdeck_deploy::RENDERINGS {
        let objects = golden_objects(rendering).unwrap();
        let images: Vec<_> = objects.iter().flat_map(|object| all(object, "image")).collect();
        let ours = format!("flowdeck-gateway:{}", value("version"));
        assert!(
            images.iter().any(|image| **image == ours.as_str()),
            "{rendering}: {images:?}"
        );
    }
    // The settings say /app, and the page is copied to there with its times: copied without, a compressed file can be a
    // second older than its original, and is then not served.
    assert!(file.contains("cp -a dist /out/app"));
    assert!(source("Makefile").contains("\nbuild: setup"));
    // What is left out of the build is nothing that it needs.
    let ignored = source(".dockerignore");
    let ignored: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    let needed = [
        "Cargo.lock",
        "Trunk.toml",
        "crates",
        "index.html",
        "package-lock.json",
        "public",
        "src",
        "style",
        "tests",
    ];
    for name in needed {
        assert!(deploy().join("..").join(name).exists(), "{name}");
        assert!(!ignored.contains(&name), "{name}");
    }
    for secret in [".git", ".sandbox", "dist", "node_modules", "target"] {
        assert!(ignored.contains(&secret), "{secret}");
    }
}

#[test]
fn the_release_has_few_rights_pinned_actions_and_says_what_it_is_made_of() {
    let text = source(".github/workflows/release.yaml");
    let mut actions = 0;
    for line in text.lines() {
        let Some((_, action)) = line.split_once("uses: ") else {
            continue;
        };
        actions += 1;
        let (action, version) = action.split_once(" # v").expect(line);
        let commit = action.split_once('@').expect(line).1;
        assert!(
            commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            "{line}"
        );
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{line}");
    }
    assert!(actions >= 5);
    let workflow = read(&text).unwrap();
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let job = &workflow["jobs"]["image"];
    let mut rights: Vec<_> = job["permissions"].as_object().unwrap().iter().collect();
    rights.retain(|(_, right)| **right == "write");
    let rights: Vec<&str> = rights.into_iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(rights, ["attestations", "id-token", "packages"]);
    let steps = job["steps"].as_array().unwrap();
    let build = steps.iter().find(|step| step["id"] == "build").unwrap();
    assert_eq!(build["with"]["sbom"], true);
    assert_eq!(build["with"]["provenance"], "mode=max");
    assert_eq!(build["with"]["file"], "Containerfile");
    // A shell never sees an expression of the workflow's: only variables.
    for step in steps {
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step}");
    }
}

/// Runs the step that names the image as a runner does, and gives what it put out, or nothing if it failed.
fn named(owner: &str, tag: &str) -> Option<String> {
    let workflow = read(&source(".github/workflows/release.yaml")).unwrap();
    let steps = workflow["jobs"]["image"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == "name").unwrap();
    let output = tempfile::NamedTempFile::new().unwrap();
    let ended = std::process::Command::new("bash")
        .args(["-e", "-c", step["run"].as_str().unwrap()])
        .current_dir(deploy().join(".."))
        .envs([("OWNER", owner), ("TAG", tag)])
        .env("GITHUB_OUTPUT", output.path())
        .output()
        .unwrap();
    ended
        .status
        .success()
        .then(|| std::fs::read_to_string(output.path()).unwrap())
}

#[test]
fn a_release_is_named_after_its_tag_and_its_owner_in_small_letters() {
    let version = env!("CARGO_PKG_VERSION");
    let wanted = format!("image=ghcr.io/some-org/flowdeck-gateway\nversion={version}\n");
    assert_eq!(named("Some-Org", &format!("v{version}")), Some(wanted));
    assert_eq!(named("some-org", "v0.0.99"), None);
}
