//! Case 43: a cache between people and the gateway keeps the app's files and never an answer of the cluster.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{Answer, Ask, World, front};

/// A cache as simple as those that get this wrong: the address alone is the key, and what ends in a file's name is
/// worth keeping unless the answer forbids it.
struct Cache {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Cache {
    async fn before(door: SocketAddr) -> Cache {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(HashMap::new()));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(pass(socket, door, Arc::clone(&kept)));
            }
        });
        Cache { address, task }
    }

    async fn get(&self, method: &str, target: &str, cookie: Option<&str>) -> Answer {
        let ask = Ask::new(self.address, method, target);
        let ask = cookie.into_iter().fold(ask, |ask, cookie| ask.cookie(cookie));
        ask.send().await
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request from memory, or from behind.
async fn pass(mut client: TcpStream, door: SocketAddr, kept: Arc<Mutex<HashMap<String, Vec<u8>>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap().to_owned();
    let known = kept.lock().unwrap().get(&line).cloned();
    if let Some(answer) = known {
        client.write_all(&answer).await.unwrap();
        return;
    }
    let mut behind = front::connect(door, "http/1.1").await;
    behind.write_all(&head).await.unwrap();
    let mut answer = Vec::new();
    behind.read_to_end(&mut answer).await.ok();
    client.write_all(&answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let forbidden = text
        .lines()
        .find(|line| line.starts_with("cache-control:"))
        .is_some_and(|line| {
            ["no-store", "private", "no-cache"]
                .iter()
                .any(|word| line.contains(word))
        });
    if text.starts_with("http/1.1 200") && !forbidden {
        kept.lock().unwrap().insert(line, answer);
    }
}

#[tokio::test]
async fn t43_cache_gives_nobody_what_somebody_was_given() {
    let world = World::new().await;
    let cache = Cache::before(world.door).await;
    for target in [
        "/k8s/apis",
        "/k8s/api/v1/pods/x.css",
        "/k8s/api/v1/namespaces/a/pods?limit=1&x=.js",
        "/k8s/api/v1/namespaces/a/configmaps/logo.png",
        "/auth/session",
    ] {
        for method in ["GET", "HEAD"] {
            let alice = cache.get(method, target, Some(&world.alice)).await;
            assert_eq!(alice.status, 200, "{target}");
            let bob = cache.get(method, target, Some(&world.bob)).await;
            assert_eq!(bob.status, 200, "{target}");
            assert!(!bob.body.contains(crate::support::ALICE), "{target}: {}", bob.body);
            let nobody = cache.get(method, target, None).await;
            assert_eq!(nobody.status, 401, "{target}");
        }
    }
    let deception = cache.get("GET", "/k8s/api;x.js", Some(&world.alice)).await;
    assert_eq!(deception.status, 400);
    // The cache does keep what it may, so that the above says something.
    let file = "/flowdeck-0123456789abcdef.js";
    let first = cache.get("GET", file, None).await;
    assert_eq!(first.status, 200);
    world.gateway.stop().await;
    assert_eq!(cache.get("GET", file, None).await.body, first.body);
}
