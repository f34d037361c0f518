//! Lets a real Envoy judge: whether it accepts envoy.yaml, and what the script of Emissary and Istio leaves of a request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowdeck_cluster::tools::Tool;
use flowdeck_deploy::{deploy, golden_objects, name};
use flowdeck_gateway::outside_headers::{NAMES, PREFIXES, is_one};

fn envoy() -> Command {
    Command::new(Tool::Wheels.program("envoy").expect("Envoy"))
}

/// A self-signed certificate in a folder, as `tls.crt` and `tls.key`.
fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("tls.crt"), made.cert.pem()).expect("written");
    std::fs::write(folder.join("tls.key"), made.signing_key.serialize_pem()).expect("written");
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn envoy_accepts_its_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    certificate(folder.path());
    let config = std::fs::read_to_string(deploy().join("overlays/envoy/envoy.yaml")).expect("envoy.yaml");
    let here = format!("{}/", folder.path().display());
    let file = folder.path().join("envoy.yaml");
    secret(folder.path());
    let validate = |config: &str| {
        std::fs::write(&file, config.replace("/etc/envoy/", &here)).expect("written");
        envoy()
            .args(["--mode", "validate", "-c"])
            .arg(&file)
            .output()
            .expect("Envoy runs")
    };
    let said = validate(&config);
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "{words}");
    assert!(!words.to_lowercase().contains("deprecated"), "{words}");
    assert!(
        !validate(&config.replace("path_prefix:", "path_prefixes:"))
            .status
            .success(),
        "it accepts anything"
    );
}

/// The file by which Envoy finds the certificate of a folder.
fn secret(folder: &Path) {
    let deployed = std::fs::read_to_string(deploy().join("overlays/envoy/certificate.yaml")).expect("certificate.yaml");
    let here = folder.display().to_string();
    std::fs::write(
        folder.join("certificate.yaml"),
        deployed.replace("/etc/envoy-tls", &here),
    )
    .expect("written");
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn renewed_certificate_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    // As the kubelet mounts a Secret: files that lead to a folder, which is replaced as a whole.
    for version in ["..1", "..2"] {
        std::fs::create_dir(here.join(version)).expect("a folder");
        certificate(&here.join(version));
    }
    let lead_to = |version: &str| {
        std::os::unix::fs::symlink(version, here.join("..next")).expect("a link");
        std::fs::rename(here.join("..next"), here.join("..data")).expect("renamed");
    };
    lead_to("..1");
    for name in ["tls.crt", "tls.key"] {
        std::os::unix::fs::symlink(Path::new("..data").join(name), here.join(name)).expect("a link");
    }
    secret(here);
    let mut config = std::fs::read_to_string(deploy().join("overlays/envoy/envoy.yaml")).expect("envoy.yaml");
    config = config.replace("/etc/envoy/", &format!("{}/", here.display()));
    for port in ["9901", "8443", "8080", "8081"] {
        config = config.replace(&format!("port_value: {port}}}"), "port_value: 0}");
    }
    let file = here.join("envoy.yaml");
    std::fs::write(&file, config.replace("0.0.0.0", "127.0.0.1")).expect("written");
    let admin = here.join("admin");
    let _running = Running::start(&file, &admin);
    let shown = |other_than: &str| {
        wait(|| asked(&admin, "/certs").filter(|said| said.contains("serial_number") && said != other_than))
    };
    let first = shown("");
    lead_to("..2");
    shown(&first);
}

/// An Envoy; ends with the test.
struct Running(Child);

impl Running {
    /// Starts one that says in a file where its admin's address is.
    fn start(config: &Path, admin: &Path) -> Running {
        let mut envoy = envoy();
        envoy.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "error"]);
        envoy.arg("-c").arg(config).arg("--admin-address-path").arg(admin);
        Running(envoy.stderr(Stdio::null()).spawn().expect("Envoy runs"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already is as good.
        self.0.kill().and_then(|()| self.0.wait().map(drop)).unwrap_or_default();
    }
}

#[test]
#[ignore = "needs what `flowdeck-cluster build` makes"]
fn the_script_of_emissary_and_istio_leaves_nothing_that_nobody_may_send() {
    let module = golden_objects("emissary").expect("a rendering");
    let module = module
        .iter()
        .find(|object| name(object) == "Module/ambassador")
        .expect("a Module");
    let script = module["spec"]["config"]["lua_scripts"]
        .as_str()
        .expect("a script")
        .to_owned();
    let upstream = TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let admin = folder.path().join("admin");
    let manager = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x",
        "http_filters": [
            {"name": "lua", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "default_source_code": {"inline_string": script}}},
            {"name": "router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "x", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "x"}}]}]},
    });
    let address = |port: u16| serde_json::json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let port = upstream.local_addr().expect("an address").port();
    let config = serde_json::json!({
        "admin": {"address": address(0)},
        "static_resources": {
            "listeners": [{"name": "x", "address": address(0), "filter_chains": [
                {"filters": [{"name": "x", "typed_config": manager}]}]}],
            "clusters": [{"name": "x", "type": "STATIC", "load_assignment": {"cluster_name": "x", "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]}}]}
    });
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, config.to_string()).expect("written");
    let _running = Running::start(&file, &admin);
    let front = wait(|| {
        let said = asked(&admin, "/listeners?format=text")?;
        let line = said.lines().find_map(|line| line.strip_prefix("x::"));
        line.map(str::to_owned)
    });

    let families: Vec<String> = PREFIXES.iter().map(|prefix| format!("{prefix}x")).collect();
    let forged = NAMES.iter().copied().chain(families.iter().map(String::as_str));
    let mut request =
        "GET /k8s/version HTTP/1.1\r\nhost: deck.example.com\r\ncookie: a=b\r\nx-flowdeck: 1\r\n".to_owned();
    for header in forged {
        // Twice, and once in capitals: what comes first is not all.
        request.push_str(&format!("{header}: one\r\n{}: two\r\n", header.to_ascii_uppercase()));
    }
    request.push_str("connection: close\r\n\r\n");
    let mut client = TcpStream::connect(&front).expect("Envoy listens");
    client.write_all(request.as_bytes()).expect("sent");

    let (mut came, _) = upstream.accept().expect("Envoy passes it on");
    let lines: Vec<String> = BufReader::new(came.try_clone().expect("a copy"))
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    came.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .expect("answered");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let names: Vec<&str> = lines.iter().skip(1).filter_map(|line| line.split(':').next()).collect();
    assert!(names.contains(&"cookie") && names.contains(&"x-flowdeck"), "{lines:?}");
    let left: Vec<_> = names.iter().filter(|name| is_one(name)).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What an Envoy's admin says, once it is there.
fn asked(admin: &Path, path: &str) -> Option<String> {
    let address = std::fs::read_to_string(admin).ok().filter(|text| !text.is_empty())?;
    let mut stream = TcpStream::connect(address.trim()).ok()?;
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// Waits for something.
fn wait(mut look: impl FnMut() -> Option<String>) -> String {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("Envoy did not get there within 30 s");
}
