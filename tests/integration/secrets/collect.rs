//! Collects all that is logged, with `tracing` or with `log`, on any thread of a runtime.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, LazyLock, Mutex, Once};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use crm_core::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Keeps what was logged.
#[derive(Clone, Default)]
pub(crate) struct Collector(Arc<Mutex<Vec<String>>>);

/// Keeps what the whole process logs with `log`, which knows one logger only.
static LOGGED: LazyLock<Collector> = LazyLock::new(Collector::default);

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.keep(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

impl Collector {
    /// Makes a runtime on whose threads everything is collected, those for blocking work included.
    pub(crate) fn runtime() -> (tokio::runtime::Runtime, Self) {
        static LOG: Once = Once::new();
        LOG.call_once(|| {
            log::set_logger(&Logger).expect("nobody else sets a logger");
            log::set_max_level(log::LevelFilter::Trace);
            // While a process has only one dispatcher, tracing asks the thread that comes to an event first whether anybody
            // wants it, and remembers the answer; a thread of another test would say no for all.
            std::mem::forget(Dispatch::new(tracing_subscriber::registry()));
        });
        let collector = Self::default();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(collector.clone()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .on_thread_start(move || {
                // For as long as the thread lives.
                std::mem::forget(tracing::dispatcher::set_default(&dispatch));
            })
            .build()
            .unwrap();
        (runtime, collector)
    }

    fn keep(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// Takes what was logged so far, by the runtime with `tracing` and by the process with `log`.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut lines = std::mem::take(&mut *self.0.lock().unwrap());
        lines.extend(LOGGED.0.lock().unwrap().iter().cloned());
        lines
    }
}

struct Fields<'s>(&'s mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {field}={value}").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for Collector {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut line = format!("{} {}", attributes.metadata().target(), attributes.metadata().name());
        attributes.record(&mut Fields(&mut line));
        self.keep(line);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut line = String::new();
        values.record(&mut Fields(&mut line));
        self.keep(line);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = format!("{} {}", event.metadata().target(), event.metadata().name());
        event.record(&mut Fields(&mut line));
        self.keep(line);
    }
}

/// Is what must not show, in every spelling in which it could.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn add(&mut self, secret: &str) {
        let bytes = |separator: &str, spell: fn(&u8) -> String| {
            secret.as_bytes().iter().map(spell).collect::<Vec<_>>().join(separator)
        };
        self.0.extend([
            secret.to_owned(),
            secret.escape_debug().to_string(),
            bytes(", ", u8::to_string),
            bytes("", |byte| format!("{byte:02x}")),
            bytes("", |byte| format!("%{byte:02X}")),
            STANDARD_NO_PAD.encode(secret),
        ]);
    }

    /// Adds a hash: as a whole, and the parts of it that nobody else has.
    pub(super) fn add_hash(&mut self, hash: &str) {
        self.add(hash);
        hash.rsplit('$').take_while(|part| part.len() >= 20).for_each(|part| self.add(part));
    }

    pub(super) fn assert_absent(&self, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "{secret} shows in {text}");
        }
    }
}

/// Shows an error in every way there is, with all its causes.
pub(super) fn spelt(error: &Error) -> String {
    let mut all = format!("{error} {error:#} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        write!(all, " {error} {error:#} {error:?} {error:#?}").unwrap();
        cause = error.source();
    }
    all
}

fn say() {
    tracing::trace!("said elsewhere too");
}

#[test]
fn what_any_thread_logs_is_collected() {
    let (runtime, collector) = Collector::runtime();
    std::thread::spawn(say).join().unwrap();
    runtime.block_on(async {
        tokio::spawn(async { say() }).await.unwrap();
        tokio::spawn(async { tracing::trace!(field = "of a worker", "said") }).await.unwrap();
        tokio::task::spawn_blocking(|| tracing::trace!(field = 7, "said by one that blocks")).await.unwrap();
        tokio::spawn(async { tracing::info_span!("a span", id = 7).in_scope(|| log::trace!("logged")) })
            .await
            .unwrap();
    });
    let lines = collector.take();
    for expected in
        ["said elsewhere too", "field=of a worker", "said by one that blocks", "a span id=7", "logged"]
    {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected} is not in {lines:#?}");
    }
}

#[test]
#[should_panic(expected = "shows in")]
fn a_secret_that_is_spelt_as_bytes_is_found() {
    let mut secrets = Secrets::default();
    secrets.add("horse");
    secrets.assert_absent(&format!("{:?}", b"a horse"));
}
