//! Work that another thread does while the caller is busy.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SendError, sync_channel};
use std::thread::{Builder, JoinHandle};

/// What an iterator gives, made by a thread of its own, one item ahead of who takes them.
///
/// A panic of the iterator is the taker's, where the item would be. When this is dropped, no further item is begun, and
/// one that is under way is waited for.
pub(crate) struct Prefetched<T> {
    /// `None` after the last one.
    items: Option<Receiver<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Prefetched<T> {
    /// Begins with the first item. An iterator that no thread can be started for is given back.
    pub(crate) fn begin<I>(source: I) -> Result<Self, I>
    where
        I: Iterator<Item = T> + Send + 'static,
    {
        // Nothing fits in: the thread keeps what it has made, and makes nothing else, until that is taken.
        let (give, items) = sync_channel(0);
        // What a thread takes along is lost when it can't be started.
        let (hand_over, source_of_thread) = sync_channel::<I>(1);
        let work = move || {
            for item in source_of_thread.into_iter().flatten() {
                if give.send(item).is_err() {
                    break;
                }
            }
        };
        match Builder::new().name("tagoio-prefetch".to_owned()).spawn(work) {
            Ok(thread) => match hand_over.send(source) {
                Ok(()) => Ok(Self { items: Some(items), thread: Some(thread) }),
                Err(SendError(source)) => Err(source),
            },
            Err(_) => Err(source),
        }
    }
}

impl<T> Iterator for Prefetched<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if let Ok(item) = self.items.as_ref()?.recv() {
            return Some(item);
        }
        self.items = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            resume_unwind(panic);
        }
        None
    }
}

impl<T> Drop for Prefetched<T> {
    fn drop(&mut self) {
        self.items = None;
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported, and nobody is left to take it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    fn begin<T: Send + 'static>(source: impl Iterator<Item = T> + Send + 'static) -> Prefetched<T> {
        Prefetched::begin(source).unwrap_or_else(|_| panic!("no thread"))
    }

    #[test]
    fn items_come_in_order_and_once() {
        for count in [0, 1, 2, 100] {
            let mut ahead = begin(0..count);
            assert_eq!(ahead.by_ref().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
            assert_eq!((ahead.next(), ahead.next()), (None, None));
        }
    }

    #[test]
    fn an_item_is_made_before_it_is_asked_for_and_no_more_than_one() {
        let asked_for = Arc::new(AtomicUsize::new(0));
        let (made, makes) = mpsc::channel();
        let seen = Arc::clone(&asked_for);
        let mut ahead = begin((0..20).map(move |item| {
            let too_early = item > seen.load(Ordering::SeqCst);
            made.send(item).unwrap();
            too_early
        }));
        for item in 0..20 {
            assert_eq!(makes.recv(), Ok(item), "nobody has asked for it yet");
            // Time for a thread that would go on.
            (0..100).for_each(|_| thread::yield_now());
            asked_for.fetch_add(1, Ordering::SeqCst);
            assert_eq!(ahead.next(), Some(false), "{item} was begun before the item before it was asked for");
        }
        assert_eq!(ahead.next(), None);
    }

    #[test]
    fn who_loses_interest_gets_the_thread_ended() {
        let alive = Arc::new(());
        for taken in [0, 1, 2] {
            let held = Arc::clone(&alive);
            let mut ahead = begin((0..).map(move |item: u64| (item, Arc::strong_count(&held)).0));
            assert_eq!(ahead.by_ref().take(taken).count(), taken);
            drop(ahead);
            assert_eq!(Arc::strong_count(&alive), 1, "the thread and its iterator are gone");
        }
    }

    #[test]
    fn an_item_that_is_under_way_is_waited_for() {
        let (begun, begins) = mpsc::channel();
        let (let_go, released) = mpsc::channel::<()>();
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let ahead = begin((0..5).map(move |_| {
            begun.send(()).unwrap();
            released.recv().unwrap();
            count.fetch_add(1, Ordering::SeqCst);
        }));
        begins.recv().unwrap();
        let other = thread::spawn(move || let_go.send(()));
        drop(ahead);
        assert_eq!(made.load(Ordering::SeqCst), 1);
        other.join().unwrap().unwrap();
    }

    #[test]
    fn a_panic_comes_in_its_place_and_once() {
        let mut ahead = begin([1, 2, 0].into_iter().map(|item| 2 / item));
        assert_eq!((ahead.next(), ahead.next()), (Some(2), Some(1)));
        let panic = catch_unwind(AssertUnwindSafe(|| ahead.next())).unwrap_err();
        assert!(panic.downcast_ref::<&str>().is_some_and(|text| text.contains("divide by zero")));
        assert_eq!(ahead.next(), None);
        // One that nobody takes hurts nobody.
        drop(begin([0].into_iter().map(|item| 1 / item)));
    }
}
