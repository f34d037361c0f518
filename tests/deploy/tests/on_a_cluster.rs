//! Lets a real API server judge what `deploy/` makes: whether it accepts each object, and what the gateway may do with it.

use std::path::{Path, PathBuf};
use std::process::Command;

use flowdeck_cluster::tools::Tool;
use flowdeck_cluster::{Cluster, Options};
use flowdeck_deploy::{RENDERINGS, deploy, golden};

/// kubectl with some rights at a cluster.
struct Kubectl {
    program: PathBuf,
    access: Vec<String>,
}

/// What kubectl said, and whether it succeeded.
struct Said {
    success: bool,
    text: String,
}

impl Kubectl {
    fn run(&self, arguments: &[&str]) -> Said {
        let output = Command::new(&self.program)
            .args(&self.access)
            .arg("--request-timeout=30s")
            .args(arguments)
            .env("KUBECONFIG", "/dev/null")
            .output()
            .expect("kubectl runs");
        let text = [output.stdout, output.stderr].concat();
        Said {
            success: output.status.success(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    #[track_caller]
    fn must(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert!(said.success, "{arguments:?}: {}", said.text);
        said.text
    }

    /// Must be refused for want of a right, and say `why`.
    #[track_caller]
    fn must_not(&self, arguments: &[&str], why: &str) {
        let said = self.run(arguments);
        assert!(!said.success, "{arguments:?} was allowed: {}", said.text);
        assert!(
            said.text.contains("Forbidden") || said.text.contains("forbidden"),
            "{arguments:?}: {}",
            said.text
        );
        assert!(
            said.text.contains(why),
            "{arguments:?} does not say {why:?}: {}",
            said.text
        );
    }
}

/// A cluster of only an API server, and its administrator.
async fn cluster() -> (Cluster, Kubectl) {
    let options = Options {
        controllers: false,
        ..Options::default()
    };
    let cluster = Cluster::start(options).await.expect("a cluster");
    let kubeconfig = cluster.admin_kubeconfig().display().to_string();
    let admin = Kubectl {
        program: Tool::Wheels.program("kubectl").expect("kubectl"),
        access: vec![format!("--kubeconfig={kubeconfig}")],
    };
    (cluster, admin)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn every_manifest_is_accepted_by_the_api_server() {
    let (_cluster, admin) = cluster().await;
    let stubs = deploy().join("crds-for-tests/third-party");
    admin.must(&["apply", "-f", text(&stubs)]);
    admin.must(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    for namespace in ["flowdeck", "flowdeck-front", "emissary", "istio-system"] {
        admin.must(&["create", "namespace", namespace]);
    }
    let try_out = |file: &Path| admin.run(&["apply", "--dry-run=server", "--validate=strict", "-f", text(file)]);
    for (_, rendering) in RENDERINGS {
        let said = try_out(&golden(rendering));
        assert!(said.success, "{rendering}: {}", said.text);
        let lines = said
            .text
            .lines()
            .filter(|line| line.ends_with("(server dry run)"))
            .count();
        let objects = flowdeck_deploy::golden_objects(rendering).expect(rendering).len();
        assert_eq!(lines, objects, "{rendering}: {}", said.text);
        // Of Pod Security too, which for a Deployment only warns. The Namespace was made by hand, so its labels are missing.
        let warned = said.text.lines().find(|line| {
            line.starts_with("Warning") && !line.contains("kubectl.kubernetes.io/last-applied-configuration")
        });
        assert_eq!(warned, None, "{rendering}");
    }
    // The judge can say no: a field that does not exist, in a kind of Kubernetes and in a stub.
    let folder = tempfile::tempdir().expect("a folder");
    for (rendering, right, wrong) in [
        ("base", "readOnlyRootFilesystem", "readOnlyRootFileSystem"),
        ("emissary", "bypass_auth", "bypassAuth"),
        ("istio", "httpsRedirect", "httpRedirect"),
    ] {
        let good = std::fs::read_to_string(golden(rendering)).expect(rendering);
        let file = folder.path().join(rendering);
        std::fs::write(&file, good.replacen(right, wrong, 1)).expect("written");
        let said = try_out(&file);
        assert!(
            !said.success && said.text.contains("unknown field"),
            "{rendering}: {}",
            said.text
        );
    }
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn pods_fit_the_restricted_namespaces() {
    let (_cluster, admin) = cluster().await;
    for (_, rendering) in RENDERINGS {
        for object in flowdeck_deploy::golden_objects(rendering).expect(rendering) {
            let Some(template) = object.pointer("/spec/template") else {
                continue;
            };
            let namespace = object["metadata"]["namespace"].as_str().expect("a namespace");
            let mut pod = template.clone();
            pod["apiVersion"] = "v1".into();
            pod["kind"] = "Pod".into();
            pod["metadata"]["name"] = object["metadata"]["name"].clone();
            pod["metadata"]["namespace"] = namespace.into();
            // No controller makes the accounts here.
            pod["spec"]["serviceAccountName"] = "default".into();
            let folder = tempfile::tempdir().expect("a folder");
            let objects = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {
                    "pod-security.kubernetes.io/enforce": "restricted"}}},
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}},
            ]});
            for (name, content) in [("given.json", objects), ("pod.json", pod)] {
                std::fs::write(folder.path().join(name), content.to_string()).expect("written");
            }
            admin.must(&["apply", "-f", text(&folder.path().join("given.json"))]);
            admin.must(&[
                "create",
                "--dry-run=server",
                "-f",
                text(&folder.path().join("pod.json")),
            ]);
        }
    }
}

/// The gateway by its own token at a cluster on which a rendering's rights stand, and on which alice has a team.
async fn gateway_with(rendering: &str) -> (Cluster, Kubectl) {
    let (cluster, admin) = cluster().await;
    for namespace in ["flowdeck", "team", "other"] {
        admin.must(&["create", "namespace", namespace]);
    }
    // Not `admin` and `view`: those are put together by a controller, and none runs here.
    for (role, kinds) in [("all", "pods,secrets,configmaps,deployments.apps"), ("see", "pods")] {
        admin.must(&[
            "create",
            "clusterrole",
            role,
            "--verb=get,list,create,delete",
            &format!("--resource={kinds}"),
        ]);
    }
    for rights in [
        ["--clusterrole=all", "--user=alice@example.com", "-n=team"],
        ["--clusterrole=see", "--group=flowdeck-users", "-n=other"],
    ] {
        let name = rights[2].trim_start_matches("-n=");
        admin.must(&[&["create", "rolebinding", name][..], &rights[..]].concat());
    }
    admin.must(&["create", "secret", "generic", "pearl", "--from-literal=a=b", "-n=team"]);
    let rights = flowdeck_deploy::golden_objects(rendering).expect(rendering);
    let rights: Vec<_> = rights
        .into_iter()
        .filter(|object| {
            let kind = object["kind"].as_str().unwrap_or_default();
            [
                "ServiceAccount",
                "ClusterRole",
                "ClusterRoleBinding",
                "Role",
                "RoleBinding",
            ]
            .contains(&kind)
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rights.json");
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": rights});
    std::fs::write(&file, list.to_string()).expect("written");
    admin.must(&["apply", "-f", text(&file)]);
    let token = admin.must(&["create", "token", "flowdeck-gateway", "-n=flowdeck"]);
    let authority = cluster.admin_kubeconfig().with_file_name("deploy-test-ca.pem");
    std::fs::write(&authority, cluster.ca_pem()).expect("written");
    let gateway = Kubectl {
        program: admin.program,
        access: vec![
            format!("--server={}", cluster.url()),
            format!("--certificate-authority={}", authority.display()),
            format!("--token={}", token.trim()),
        ],
    };
    (cluster, gateway)
}

const ALICE: &str = "--as=alice@example.com";
const TEAM_PODS: &str = "--raw=/api/v1/namespaces/team/pods";
const OTHER_PODS: &str = "--raw=/api/v1/namespaces/other/pods";
const TEAM_SECRETS: &str = "--raw=/api/v1/namespaces/team/secrets";

/// What holds whichever way the gateway impersonates.
fn by_itself_nothing_and_as_alice_what_she_may(gateway: &Kubectl) {
    // What readiness asks.
    gateway.must(&["get", "--raw=/version"]);
    for path in [
        TEAM_PODS,
        TEAM_SECRETS,
        "--raw=/api/v1/secrets",
        "--raw=/api/v1/namespaces",
    ] {
        gateway.must_not(
            &["get", path],
            "\"system:serviceaccount:flowdeck:flowdeck-gateway\" cannot list",
        );
    }
    gateway.must(&["get", TEAM_PODS, ALICE]);
    gateway.must_not(&["get", OTHER_PODS, ALICE], "User \"alice@example.com\" cannot list");
    gateway.must(&["get", OTHER_PODS, ALICE, "--as-group=flowdeck-users"]);
    gateway.must_not(
        &["get", TEAM_PODS, ALICE, "--as-group=system:masters"],
        "\"system:masters\" is forbidden",
    );
    gateway.must_not(
        &["get", TEAM_PODS, "--as=system:serviceaccount:kube-system:default"],
        "impersonate",
    );
    gateway.must_not(&["get", TEAM_PODS, ALICE, "--as-uid=1"], "impersonate");
    gateway.must_not(
        &["get", TEAM_PODS, "--as=system:node:a", "--as-group=system:nodes"],
        "impersonate",
    );
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn with_the_base_the_gateway_is_alice_and_never_a_master() {
    let (_cluster, gateway) = gateway_with("base").await;
    by_itself_nothing_and_as_alice_what_she_may(&gateway);
    gateway.must_not(
        &["get", TEAM_PODS, ALICE, "--as-group=unnamed"],
        "cannot impersonate resource \"groups\"",
    );
    // As impersonation.yaml says: RBAC cannot keep these two out.
    gateway.must(&["get", TEAM_SECRETS, ALICE]);
    gateway.must(&[
        "get",
        "--raw=/api/v1/namespaces/team/secrets/pearl",
        "--as=system:kube-controller-manager",
    ]);
}

#[tokio::test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
async fn constrained_the_gateway_does_as_anybody_only_what_the_page_does() {
    let (_cluster, gateway) = gateway_with("constrained").await;
    by_itself_nothing_and_as_alice_what_she_may(&gateway);
    gateway.must(&["get", TEAM_PODS, ALICE, "--as-group=unnamed"]);
    let review = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let folder = tempfile::tempdir().expect("a folder");
    let body = folder.path().join("review.json");
    std::fs::write(
        &body,
        r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"team"}}"#,
    )
    .expect("written");
    gateway.must(&["create", "--raw", review, "-f", text(&body), ALICE]);
    // Alice may, the gateway in her name may not.
    for path in [
        TEAM_SECRETS,
        "--raw=/api/v1/namespaces/team/secrets/pearl",
        "--raw=/api/v1/namespaces/team/configmaps",
        "--raw=/apis/apps/v1/namespaces/team/deployments",
    ] {
        gateway.must_not(&["get", path, ALICE], "impersonate");
    }
    let pearl = "--raw=/api/v1/namespaces/team/secrets/pearl";
    gateway.must_not(&["get", pearl, "--as=system:kube-controller-manager"], "impersonate");
    gateway.must_not(
        &["delete", "--raw=/api/v1/namespaces/team/pods/x", ALICE],
        "impersonate",
    );
}
