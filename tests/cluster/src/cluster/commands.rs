//! Writes the files that the control plane reads, and its command lines.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::kubeconfig;
use crate::pki::{self, Authority, Identity};
use crate::tools::Tool;

const SERVICE_ADDRESSES: &str = "--service-cluster-ip-range=10.96.0.0/16";

/// The files of one cluster.
pub(super) struct Files {
    folder: PathBuf,
    port: u16,
    pub(super) admin: PathBuf,
}

impl Files {
    pub(super) fn write(folder: &Path, authority: &Authority, url: &str, port: u16, admin_token: &str) -> Result<Self> {
        let files = Self {
            folder: folder.to_owned(),
            port,
            admin: folder.join("admin.kubeconfig"),
        };
        let front_proxy = Authority::new("flowdeck-front-proxy")?;
        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "127.0.0.1",
            "10.96.0.1",
        ];
        files.put("ca.crt", &authority.certificate_pem())?;
        files.put("ca.key", &authority.key_pem())?;
        files.put("front-proxy-ca.crt", &front_proxy.certificate_pem())?;
        let (private, public) = pki::key_pair_pem()?;
        files.put("service-accounts.key", &private)?;
        files.put("service-accounts.pub", &public)?;
        files.put("tokens.csv", &format!("{admin_token},admin,admin,\"system:masters\"\n"))?;
        files.put_identity("api-server", &authority.server("kube-apiserver", &names)?)?;
        files.put_identity("kubelet", &authority.server("kwok", &["localhost", "127.0.0.1"])?)?;
        files.put_identity("front-proxy", &front_proxy.client("front-proxy-client", &[])?)?;
        let masters: &[&str] = &["system:masters"];
        files.put_identity(
            "api-server-to-kubelet",
            &authority.client("kube-apiserver-kubelet-client", masters)?,
        )?;
        for (name, user, groups) in [
            ("admin", "admin", masters),
            ("controller-manager", "system:kube-controller-manager", &[]),
            ("scheduler", "system:kube-scheduler", &[]),
        ] {
            let identity = authority.client(user, groups)?;
            let text = kubeconfig::text(url, &authority.certificate_pem(), user, &identity);
            files.put(&format!("{name}.kubeconfig"), &text)?;
        }
        Ok(files)
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        write(&self.folder.join(name), text)
    }

    fn put_identity(&self, name: &str, identity: &Identity) -> Result<()> {
        self.put(&format!("{name}.crt"), &identity.certificate_pem)?;
        self.put(&format!("{name}.key"), &identity.key_pem)
    }

    /// `--flag=file`, for a file of this cluster.
    fn flag(&self, flag: &str, file: &str) -> String {
        format!("--{flag}={}", self.folder.join(file).display())
    }

    pub(super) fn etcd(&self, url: &str, peer_port: u16) -> Result<Command> {
        let peer = format!("http://127.0.0.1:{peer_port}");
        let mut command = Command::new(Tool::Etcd.program("etcd")?);
        command.args([
            self.flag("data-dir", "etcd"),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            // The data need not survive a power cut.
            "--unsafe-no-fsync".to_owned(),
        ]);
        Ok(command)
    }

    pub(super) fn api_server(&self, etcd: &str, watch_cache: bool) -> Result<Command> {
        let mut command = Command::new(Tool::Kubernetes.program("kube-apiserver")?);
        // Much is allocated while definitions are read; there is memory enough to collect it later.
        command.env("GOGC", "400").env("GOMEMLIMIT", "1GiB");
        command.args([
            format!("--etcd-servers={etcd}"),
            format!("--secure-port={}", self.port),
            format!("--watch-cache={watch_cache}"),
            self.flag("tls-cert-file", "api-server.crt"),
            self.flag("tls-private-key-file", "api-server.key"),
            self.flag("client-ca-file", "ca.crt"),
            self.flag("token-auth-file", "tokens.csv"),
            self.flag("service-account-key-file", "service-accounts.pub"),
            self.flag("service-account-signing-key-file", "service-accounts.key"),
            self.flag("kubelet-client-certificate", "api-server-to-kubelet.crt"),
            self.flag("kubelet-client-key", "api-server-to-kubelet.key"),
            self.flag("kubelet-certificate-authority", "ca.crt"),
            self.flag("requestheader-client-ca-file", "front-proxy-ca.crt"),
            self.flag("proxy-client-cert-file", "front-proxy.crt"),
            self.flag("proxy-client-key-file", "front-proxy.key"),
        ]);
        command.args([
            SERVICE_ADDRESSES,
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=Node,RBAC",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--allow-privileged=true",
            "--profiling=false",
            "--kubelet-preferred-address-types=InternalIP",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        ]);
        Ok(command)
    }

    pub(super) fn controller_manager(&self) -> Result<Command> {
        let mut command = Command::new(Tool::Kubernetes.program("kube-controller-manager")?);
        command.args([
            self.flag("kubeconfig", "controller-manager.kubeconfig"),
            self.flag("root-ca-file", "ca.crt"),
            self.flag("service-account-private-key-file", "service-accounts.key"),
            self.flag("cluster-signing-cert-file", "ca.crt"),
            self.flag("cluster-signing-key-file", "ca.key"),
        ]);
        command.args([
            SERVICE_ADDRESSES,
            "--secure-port=0",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            "--pvclaimbinder-sync-period=2s",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]);
        Ok(command)
    }

    pub(super) fn scheduler(&self) -> Result<Command> {
        let mut command = Command::new(Tool::Kubernetes.program("kube-scheduler")?);
        command.arg(self.flag("kubeconfig", "scheduler.kubeconfig"));
        command.args(["--secure-port=0", "--leader-elect=false"]);
        Ok(command)
    }
}

/// Writes a file that only we may read.
pub(super) fn write(file: &Path, text: &str) -> Result<()> {
    std::fs::write(file, text).map_err(|why| Error::of(format!("writing {}", file.display()), why))
}
