//! How a call runs: the bridge between one event loop and the library.
//!
//! The thread of the event loop polls a call's future itself: once when it is made, and again whenever its waker was called. The
//! waker, which runs in a thread of the runtime, only notes the call's number and wakes the loop, once for any number of calls.
//! To abort a call is to drop its future.

#![expect(clippy::needless_pass_by_value, reason = "values from JavaScript come owned")]

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crm_postgres::{Error, Result};
use napi::Status;
use napi::bindgen_prelude::{Float64ArraySlice, Function, Utf16String};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::errors::put_error;
use crate::handle::Handle;
use crate::inputs::Values;
use crate::repositories;
use crate::runtime::{entered, runtime};
use crate::wire::{Out, Wire};

/// Writes a result.
pub(crate) type Put = Box<dyn FnOnce(&mut Out) + Send>;
/// Is a call under way.
pub(crate) type Job = Pin<Box<dyn Future<Output = Result<Put>> + Send>>;

/// Makes a job of a future.
pub(crate) fn job<T: Wire>(future: impl Future<Output = Result<T>> + Send + 'static) -> Job {
    Box::pin(async move {
        let value = future.await?;
        Ok(Box::new(move |out: &mut Out| value.put(out)) as Put)
    })
}

/// Wakes the loop, which it does not keep alive.
type WakeLoop = ThreadsafeFunction<(), (), (), Status, false, true>;

/// Is what the runtime's threads and the loop share.
struct Shared {
    woken: Mutex<Woken>,
    wake: WakeLoop,
}

/// Is the calls that were woken, and whether the loop knows already that there are some.
#[derive(Default)]
struct Woken {
    ids: VecDeque<u32>,
    known: bool,
}

impl Shared {
    fn woken(&self) -> MutexGuard<'_, Woken> {
        self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a call that was woken, if there is one; otherwise the loop has to be woken for the next.
    fn next(&self) -> Option<u32> {
        let mut woken = self.woken();
        let id = woken.ids.pop_front();
        woken.known = id.is_some();
        id
    }
}

struct Notify {
    id: u32,
    shared: Arc<Shared>,
}

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut woken = self.shared.woken();
        woken.ids.push_back(self.id);
        if !std::mem::replace(&mut woken.known, true) {
            drop(woken);
            // A loop that is gone need not be woken.
            self.shared.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

/// Is how many numbers are handed over at a time, unless a single result has more.
const NUMBERS: usize = 64 * 1024;

/// Is how many bytes of text are handed over at a time, unless a single result has more.
const TEXT: usize = 1 << 20;

/// Is how many bytes of text a single result may have: V8 has no string of more than 2²⁹ - 24 units.
const LONGEST: usize = 500_000_000;

/// Is how many calls are polled before the loop has its turn again.
const TURN: usize = 256;

/// Is the bridge of one event loop.
#[napi]
pub struct Bridge {
    shared: Arc<Shared>,
    running: HashMap<u32, (Job, Waker)>,
    /// Has calls that ended before they had to wait.
    ended: VecDeque<(u32, Result<Put>)>,
    out: Out,
    last: u32,
}

#[napi]
impl Bridge {
    /// Makes a bridge that calls `wake` in the loop when there is something to `drain`.
    ///
    /// # Errors
    /// Those of Node, and when the package is of another version than the addon.
    #[napi(constructor)]
    pub fn new(version: String, wake: Function<'_, (), ()>) -> napi::Result<Self> {
        let ours = env!("CARGO_PKG_VERSION");
        if version != ours {
            let message = format!(
                "the addon is of version {ours} and the package of {version}: install or build both anew"
            );
            return Err(napi::Error::from_reason(message));
        }
        let wake = wake.build_threadsafe_function::<()>().weak::<true>().callee_handled::<false>().build()?;
        Ok(Self {
            shared: Arc::new(Shared { woken: Mutex::default(), wake }),
            running: HashMap::new(),
            ended: VecDeque::new(),
            out: Out::default(),
            last: 0,
        })
    }

    /// Begins a call: `op` on `handle`, with the first `count` numbers of `numbers` and `text` as its values; a handle that it
    /// makes is put into `made`. Returns the call's number; below zero when it has ended already and is to be drained.
    #[napi]
    pub fn begin(
        &mut self,
        op: String,
        handle: &Handle,
        made: Option<&Handle>,
        numbers: &[f64],
        count: u32,
        text: Utf16String,
    ) -> i32 {
        // Half of the numbers are the negative ones; a call so old that its number comes again is not under way any more.
        self.last = self.last % 0x7fff_ffff + 1;
        let id = self.last;
        let mut values = Values::new(&numbers[..count as usize], &text);
        let begun = guarded(|| repositories::begin(&op, handle, made, &mut values));
        let ended = begun.and_then(|job| self.start(id, job)).transpose();
        let signed = i32::try_from(id).unwrap_or(i32::MAX);
        match ended {
            Some(result) => {
                self.ended.push_back((id, result));
                -signed
            }
            None => signed,
        }
    }

    /// Ends a call that nobody waits for any more.
    #[napi]
    pub fn abort(&mut self, id: u32) {
        let _entered = entered();
        self.running.remove(&id);
    }

    /// Hands over the results of calls that have ended: returns their text, and writes into `numbers` how many numbers follow, whether
    /// there is more to drain, and the numbers. When `numbers` is too short, it writes how many it needs below zero, and nothing is
    /// lost.
    #[napi]
    pub fn drain(&mut self, mut numbers: Float64ArraySlice<'_>) -> String {
        #[expect(unsafe_code, reason = "there is no safe way to write into JavaScript's memory")]
        // SAFETY: JavaScript, whose thread this is, does not run before this returns, and the array is no other thread's.
        let numbers = unsafe { numbers.as_mut() };
        if self.out.numbers.is_empty() {
            self.fill();
        }
        let length = self.out.numbers.len();
        if length + 2 > numbers.len() {
            numbers[0] = -float(length + 2);
            return String::new();
        }
        numbers[0] = float(length);
        numbers[1] = (!self.ended.is_empty() || self.shared.woken().known).into();
        numbers[2..length + 2].copy_from_slice(&self.out.numbers);
        self.out.numbers.clear();
        std::mem::take(&mut self.out.text)
    }
}

impl Bridge {
    /// Polls a job for the first time; what has to wait is kept.
    fn start(&mut self, id: u32, mut job: Job) -> Result<Option<Put>> {
        let _entered = guarded(runtime)?.enter();
        let waker = Waker::from(Arc::new(Notify { id, shared: self.shared.clone() }));
        let ended = poll(&mut job, &waker).transpose()?;
        if ended.is_none() {
            self.running.insert(id, (job, waker));
        }
        Ok(ended)
    }

    /// Writes a result.
    fn put(&mut self, id: u32, result: Result<Put>) {
        let out = &mut self.out;
        out.whole(id.into());
        let (numbers, text) = (out.numbers.len(), out.text.len());
        out.flag(result.is_ok());
        let mut result = result.and_then(|put| {
            guarded(|| {
                put(out);
                Ok(())
            })
        });
        if out.text.len() - text > LONGEST {
            let message = "the result has more text than a string of JavaScript's can hold: ask for less";
            result = Err(Error::internal(message, None));
        }
        if out.lossy {
            result = Err(Error::internal("a number of the result is larger than 2^53 - 1", None));
        }
        if let Err(error) = result {
            out.numbers.truncate(numbers);
            out.text.truncate(text);
            out.flag(false);
            put_error(error, out);
            out.lossy = false;
        }
    }

    /// Polls what was woken and collects what has ended.
    fn fill(&mut self) {
        let _entered = entered();
        for _ in 0..TURN {
            if self.out.numbers.len() >= NUMBERS || self.out.text.len() >= TEXT {
                return;
            }
            let (id, result) = if let Some(ended) = self.ended.pop_front() {
                ended
            } else if let Some(id) = self.shared.next() {
                // One that was aborted may have been woken all the same.
                let Some((job, waker)) = self.running.get_mut(&id) else { continue };
                let Some(result) = poll(job, waker) else { continue };
                self.running.remove(&id);
                (id, result)
            } else {
                return;
            };
            self.put(id, result);
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        // Within the runtime, so that transactions are rolled back in the background.
        let _entered = entered();
        self.running.clear();
        self.ended.clear();
    }
}

/// Polls a job; returns its result when it has ended.
fn poll(job: &mut Job, waker: &Waker) -> Option<Result<Put>> {
    match guarded(|| Ok(job.as_mut().poll(&mut Context::from_waker(waker)))) {
        Ok(Poll::Pending) => None,
        Ok(Poll::Ready(result)) => Some(result),
        Err(error) => Some(Err(error)),
    }
}

/// Does something that nothing in it can leave otherwise: a panic is a bug, and no reason to end the process.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Error::internal("the library has panicked", None)))
}

#[expect(clippy::cast_precision_loss, reason = "no array is that long")]
const fn float(length: usize) -> f64 {
    length as f64
}

/// Fails with a bug of the other side's.
pub(crate) fn unknown(op: &str) -> Error {
    Error::internal(format!("there is no operation {op}"), None)
}
