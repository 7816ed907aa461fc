//! Who is connected to the HTTP door, who has to go when it is full, and how long one may leave an answer unread.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// How often a full house is looked through for somebody who can go.
const NEXT_LOOK: Duration = Duration::from_millis(20);

/// All connections, of which there are so many at most.
pub(super) struct Connections {
    free: Arc<Semaphore>,
    seats: Mutex<BTreeMap<u64, Arc<Seat>>>,
    /// Counts what moves on any connection: the order of events, without a clock.
    moves: AtomicU64,
}

/// What is known of one connection.
pub(super) struct Seat {
    last_move: AtomicU64,
    working: AtomicBool,
    dismissed: Notify,
}

/// A connection's right to be there; dropping it makes room for another.
pub(super) struct Place {
    connections: Arc<Connections>,
    number: u64,
    seat: Arc<Seat>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub(super) fn new(most: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(most));
        Arc::new(Self { free, seats: Mutex::default(), moves: AtomicU64::new(0) })
    }

    /// A place for one more. When there is none, the connection that has kept the server waiting for the longest has
    /// to go; those whose requests are being worked on stay.
    pub(super) async fn admit(self: &Arc<Self>) -> Option<Place> {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            self.dismiss_idlest();
            if let Ok(freed) = tokio::time::timeout(NEXT_LOOK, Arc::clone(&self.free).acquire_owned()).await {
                break freed.ok()?;
            }
        };
        let number = self.next_move();
        let seat = Arc::new(Seat {
            last_move: AtomicU64::new(number),
            working: AtomicBool::new(false),
            dismissed: Notify::new(),
        });
        self.seats().insert(number, Arc::clone(&seat));
        Some(Place { connections: Arc::clone(self), number, seat, _permit: permit })
    }

    /// Ends the connection on which nothing has moved for the longest, unless all are being worked for.
    pub(super) fn dismiss_idlest(&self) {
        let mut seats = self.seats();
        let idle = seats.iter().filter(|(_, seat)| !seat.working.load(Ordering::Relaxed));
        let idlest = idle.min_by_key(|(_, seat)| seat.last_move.load(Ordering::Relaxed)).map(|(number, _)| *number);
        if let Some(seat) = idlest.and_then(|number| seats.remove(&number)) {
            seat.dismissed.notify_one();
        }
    }

    fn next_move(&self) -> u64 {
        self.moves.fetch_add(1, Ordering::Relaxed)
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }

    /// Ends when the connection has to go.
    pub(super) async fn dismissed(&self) {
        self.seat.dismissed.notified().await;
    }

    /// The stream of this connection, which breaks when its client takes nothing of an answer for so long.
    pub(super) fn watch(&self, stream: TcpStream, patience: Duration) -> WatchedStream {
        let (connections, seat) = (Arc::clone(&self.connections), Arc::clone(&self.seat));
        WatchedStream { stream, connections, seat, patience, stalled: None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.seats().remove(&self.number);
    }
}

impl Seat {
    /// From now on it is the server that takes its time, until the guard is dropped.
    pub(super) fn work(&self) -> Working<'_> {
        self.working.store(true, Ordering::Relaxed);
        Working(self)
    }
}

pub(super) struct Working<'a>(&'a Seat);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.working.store(false, Ordering::Relaxed);
    }
}

/// A stream that takes note of each move, and breaks when a write makes no progress.
pub(super) struct WatchedStream {
    stream: TcpStream,
    connections: Arc<Connections>,
    seat: Arc<Seat>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl WatchedStream {
    fn moved(&self) {
        self.seat.last_move.store(self.connections.next_move(), Ordering::Relaxed);
    }

    fn wrote(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            self.moved();
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.moved();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
