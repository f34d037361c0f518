//! Starts one Envoy and ends it again.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Certificate,
    settings::{fill, written},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// Where Envoy stands, between whom.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Where it listens for the public, by https.
    pub listen: SocketAddr,
    /// The gateway behind it, which is also who is asked about every request.
    pub gateway: SocketAddr,
    /// Another back end, behind `/pipeline`.
    pub pipelines: SocketAddr,
}

/// An Envoy that runs until it is dropped.
#[derive(Debug)]
pub struct Envoy {
    /// Where it listens.
    pub address: SocketAddr,
    process: Child,
    folder: tempfile::TempDir,
}

/// The Envoy of this machine, if the tests' run has one: `FLOWDECK_ENVOY`.
#[must_use]
pub fn path() -> Option<PathBuf> {
    std::env::var_os("FLOWDECK_ENVOY").map(PathBuf::from)
}

/// A file of the deployed settings.
fn deployed(name: &str) -> Result<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).unwrap_or(here);
    let file = root.join("deploy/overlays/envoy").join(name);
    fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))
}

impl Envoy {
    /// Starts one with the deployed settings and waits until it listens.
    ///
    /// # Errors
    /// That there is no Envoy, that the settings do not fit, or what Envoy said.
    pub fn start(places: Places, certificate: &Certificate) -> Result<Envoy, String> {
        Envoy::start_with(places, certificate, &[])
    }

    /// Starts one with further changes to the deployed settings.
    ///
    /// # Errors
    /// As [`Envoy::start`].
    pub fn start_with(places: Places, certificate: &Certificate, more: &[(&str, String)]) -> Result<Envoy, String> {
        let program = path().ok_or("there is no Envoy: FLOWDECK_ENVOY is not set")?;
        let said = |what: &str| {
            let what = what.to_owned();
            move |why: std::io::Error| format!("{what}: {why}")
        };
        let folder = tempfile::tempdir().map_err(said("a folder for Envoy"))?;
        let file = |name: &str| folder.path().join(name);
        let here = folder.path().display().to_string();
        let anywhere = written(SocketAddr::from(([127, 0, 0, 1], 0)));
        let mut changes = vec![
            ("{address: 127.0.0.1, port_value: 9901}", anywhere.clone()),
            ("{address: 0.0.0.0, port_value: 8443}", written(places.listen)),
            ("{address: 0.0.0.0, port_value: 8080}", anywhere.clone()),
            ("{address: 0.0.0.0, port_value: 8081}", anywhere),
            (
                "/etc/envoy/certificate.yaml",
                file("certificate.yaml").display().to_string(),
            ),
            (
                "{address: flowdeck-gateway.flowdeck.svc.cluster.local, port_value: 80}",
                written(places.gateway),
            ),
            (
                "{address: ml-pipeline.kubeflow.svc.cluster.local, port_value: 8888}",
                written(places.pipelines),
            ),
        ];
        changes.extend_from_slice(more);
        let write = |name: &str, text: &str| fs::write(file(name), text).map_err(said(name));
        write("tls.crt", &certificate.certificate_pem)?;
        write("tls.key", &certificate.key_pem)?;
        write(
            "certificate.yaml",
            &deployed("certificate.yaml")?.replace("/etc/envoy-tls", &here),
        )?;
        write("envoy.yaml", &fill(&deployed("envoy.yaml")?, &changes)?)?;
        let log = |name: &str| File::create(file(name)).map_err(said(name));
        let process = Command::new(&program)
            .arg("--config-path")
            .arg(file("envoy.yaml"))
            .args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"])
            .args(["--file-flush-interval-msec", "100"])
            .stdin(Stdio::null())
            .stdout(log("access.log")?)
            .stderr(log("envoy.log")?)
            .spawn()
            .map_err(said(&program.display().to_string()))?;
        let mut envoy = Envoy {
            address: places.listen,
            process,
            folder,
        };
        envoy.wait()?;
        Ok(envoy)
    }

    fn wait(&mut self) -> Result<(), String> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            let ended = self.process.try_wait().map_err(|why| why.to_string())?;
            if ended.is_some() || began.elapsed() > PATIENCE {
                return Err(format!("Envoy does not listen:\n{}", self.said()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// What it wrote to its own log.
    #[must_use]
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("envoy.log")).unwrap_or_default()
    }

    /// The lines of its requests; they are written some time after a request is through.
    #[must_use]
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default()
    }

    /// Its settings, as they were put together.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("envoy.yaml")
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It holds nothing that is worth an orderly end.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
