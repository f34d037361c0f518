//! Copies a WebSocket's bytes both ways and holds the browser's side to its limits.
//!
//! What the messages say is not looked at; where they begin and end is. So a message that is too long
//! or one too many is noticed while it arrives, and a ping of ours fits between two of the cluster's.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Notify,
};

/// A ping without words.
const PING: [u8; 2] = [0x89, 0];
const BUFFER_BYTES: usize = 16 * 1024;

/// What the browser's side is held to.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often the browser is asked for a sign of life; without one until the next time it has gone.
    pub ping_every: Duration,
    /// Bytes of one message of the browser's.
    pub message_limit_bytes: u64,
    /// Messages a second, in the long run; twice as many at once.
    pub messages_per_s: u32,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            ping_every: Duration::from_secs(30),
            message_limit_bytes: 1024 * 1024,
            messages_per_s: 1000,
        }
    }
}

/// Why a relay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// One of the two closed.
    Closed,
    /// A message of the browser's was too long.
    TooLarge,
    /// The browser sent too many messages.
    TooMany,
    /// The browser gave no sign of life.
    Silent,
}

impl End {
    /// The code of RFC 6455 §7.4 that says so, where there is somebody to tell.
    fn code(self) -> Option<u16> {
        match self {
            End::TooLarge => Some(1009),
            End::TooMany => Some(1008),
            End::Closed | End::Silent => None,
        }
    }
}

/// Copies until one side closes or the browser breaks a limit; both sides end with this.
pub async fn run<C, U>(client: C, cluster: U, pace: Pace) -> End
where
    C: AsyncRead + AsyncWrite,
    U: AsyncRead + AsyncWrite,
{
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_cluster, mut to_cluster) = tokio::io::split(cluster);
    let heard = AtomicBool::new(true);
    let ping = Notify::new();
    let mut outgoing = Frames::new(u64::MAX);
    let end = tokio::select! {
        end = upwards(&mut from_client, &mut to_cluster, pace, &heard) => end,
        end = downwards(&mut from_cluster, &mut to_client, &mut outgoing, &ping) => end,
        end = watch(pace.ping_every, &heard, &ping) => end,
    };
    if let Some(code) = end.code()
        && outgoing.is_between()
    {
        to_cluster.shutdown().await.ok();
        let [high, low] = code.to_be_bytes();
        let goodbye = async {
            to_client.write_all(&[0x88, 2, high, low]).await?;
            to_client.shutdown().await?;
            // Cutting the connection while something is unread would take the code back.
            tokio::io::copy(&mut from_client, &mut tokio::io::sink()).await
        };
        tokio::time::timeout(Duration::from_secs(2), goodbye).await.ok();
    } else {
        to_client.shutdown().await.ok();
    }
    end
}

async fn upwards(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    pace: Pace,
    heard: &AtomicBool,
) -> End {
    let mut frames = Frames::new(pace.message_limit_bytes);
    let mut budget = Budget::new(pace.messages_per_s, Instant::now());
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return End::Closed;
        };
        heard.store(true, Ordering::Relaxed);
        let Some(begun) = frames.read(&buffer[..read]) else {
            return End::TooLarge;
        };
        if !budget.take(begun, Instant::now()) {
            return End::TooMany;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return End::Closed;
        }
    }
}

async fn downwards(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    frames: &mut Frames,
    ping: &Notify,
) -> End {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let bytes = tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(read @ 1..) => &buffer[..read],
                _ => return End::Closed,
            },
            () = ping.notified(), if frames.is_between() => &PING[..],
        };
        frames.read(bytes);
        if to.write_all(bytes).await.is_err() {
            return End::Closed;
        }
    }
}

/// Has the browser pinged, and ends when it has said nothing between two pings.
async fn watch(every: Duration, heard: &AtomicBool, ping: &Notify) -> End {
    loop {
        tokio::time::sleep(every).await;
        if !heard.swap(false, Ordering::Relaxed) {
            return End::Silent;
        }
        ping.notify_one();
    }
}

/// Finds where frames begin and end in a stream of bytes.
struct Frames {
    head: [u8; 14],
    have: usize,
    /// Bytes of the frame's payload that are still to come.
    left: u64,
    /// Bytes of the message so far.
    message: u64,
    limit: u64,
}

impl Frames {
    fn new(limit: u64) -> Frames {
        Frames {
            head: [0; 14],
            have: 0,
            left: 0,
            message: 0,
            limit,
        }
    }

    /// Whether the next byte begins a frame.
    fn is_between(&self) -> bool {
        self.have == 0 && self.left == 0
    }

    /// Goes over bytes; how many frames began, unless a message is too long.
    fn read(&mut self, mut bytes: &[u8]) -> Option<u32> {
        let mut begun = 0;
        while let Some((&first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
                self.left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head[self.have] = first;
            self.have += 1;
            bytes = rest;
            if self.have >= 2 && self.have == self.head_bytes() {
                begun += 1;
                self.begin()?;
            }
        }
        Some(begun)
    }

    fn head_bytes(&self) -> usize {
        let length = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if self.head[1] & 0x80 == 0 { 0 } else { 4 }
    }

    fn begin(&mut self) -> Option<()> {
        let long = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, &b| sum << 8 | u64::from(b));
        self.left = match self.head[1] & 0x7f {
            126 => long(&self.head[2..4]),
            127 => long(&self.head[2..10]),
            short => u64::from(short),
        };
        self.have = 0;
        let opcode = self.head[0] & 0x0f;
        // Control frames come between the parts of a message.
        if opcode < 8 {
            self.message = if opcode == 0 { self.message } else { 0 };
            self.message = self.message.saturating_add(self.left);
        }
        (self.message <= self.limit).then_some(())
    }
}

/// How many messages may still come.
struct Budget {
    per_s: f64,
    left: f64,
    counted: Instant,
}

impl Budget {
    fn new(per_s: u32, now: Instant) -> Budget {
        let per_s = f64::from(per_s);
        Budget {
            per_s,
            left: 2.0 * per_s,
            counted: now,
        }
    }

    fn take(&mut self, count: u32, now: Instant) -> bool {
        let new = now.duration_since(self.counted).as_secs_f64() * self.per_s;
        self.counted = now;
        self.left = (self.left + new).min(2.0 * self.per_s) - f64::from(count);
        self.left >= 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(0x80 | length as u8),
            126..65536 => {
                bytes.push(0xfe);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0xff);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(std::iter::repeat_n(0xff, length));
        bytes
    }

    #[test]
    fn frames_are_found_however_the_bytes_are_cut() {
        let lengths = [0, 1, 125, 126, 300, 65535, 65536, 3];
        let stream: Vec<u8> = lengths.iter().flat_map(|&length| frame(0x82, length)).collect();
        for size in [1, 2, 3, 7, 14, 1000, stream.len()] {
            let mut frames = Frames::new(65536);
            let begun: u32 = stream.chunks(size).map(|chunk| frames.read(chunk).unwrap()).sum();
            assert_eq!(begun, 8, "{size}");
            assert!(frames.is_between());
        }
        let mut frames = Frames::new(65536);
        frames.read(&stream[..stream.len() - 1]);
        assert!(!frames.is_between());
    }

    #[test]
    fn message_in_parts_is_one_message_and_control_frames_are_none() {
        let mut frames = Frames::new(100);
        for (first, length) in [(0x02, 60), (0x89, 100), (0x80, 40), (0x82, 100), (0x01, 60)] {
            assert!(frames.read(&frame(first, length)).is_some(), "{first:x} {length}");
        }
        assert!(frames.read(&frame(0x00, 41)).is_none());
        let mut endless = Frames::new(100);
        assert!(
            endless
                .read(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
                .is_none()
        );
    }

    #[test]
    fn budget_is_filled_with_time_up_to_twice_a_second() {
        let now = Instant::now();
        let mut budget = Budget::new(100, now);
        assert!(budget.take(200, now));
        assert!(!budget.take(1, now));
        let mut budget = Budget::new(100, now);
        assert!(budget.take(200, now));
        assert!(budget.take(50, now + Duration::from_millis(500)));
        assert!(budget.take(200, now + Duration::from_secs(60)));
        assert!(!budget.take(1, now + Duration::from_secs(60)));
    }
}
