//! Captures the plan of each statement that the library sends. The server's `auto_explain` hands it to the client as a
//! notice, the driver makes the notice an event of `tracing`, and a layer keeps it. So it does with the spans of the library's
//! operations, by which a test tells what it has looked at.

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

use crm_postgres::Crm;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Are the tables of which a statement may read no more than it answers with.
const LARGE: [&str; 5] = ["users", "customers", "leads", "tasks", "interactions"];

/// Says which of its two plans the server takes for a prepared statement: it makes one for the values at hand five times,
/// and may then keep one made without knowing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Custom,
    Generic,
}

impl Mode {
    pub(super) const BOTH: [Self; 2] = [Self::Custom, Self::Generic];

    pub(super) fn is_custom(self) -> bool {
        self == Self::Custom
    }

    /// Opens a pool of one connection that tells the plans of this kind.
    pub(super) async fn connect(self, url: &str) -> PgPool {
        let mode = match self {
            Self::Custom => "force_custom_plan",
            Self::Generic => "force_generic_plan",
        };
        let settings = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_buffers", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_level", "notice"),
            ("jit", "off"),
            ("plan_cache_mode", mode),
        ];
        let options = PgConnectOptions::from_str(url).unwrap().options(settings);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
        pool.expect("the server comes with the contrib modules of PostgreSQL")
    }
}

/// Is a statement that the server has run, or one that it ran on its own behalf for a foreign key.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) nodes: Vec<Node>,
}

/// Is a step of a plan, with what it did.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: String,
    pub(super) table: Option<String>,
    pub(super) index: Option<String>,
    /// How many rows it looked at: those that it passed on, and those that it looked at in vain. It counts as one at least
    /// each time that it is run, for a look that finds nothing is a look.
    pub(super) rows: f64,
    /// How many rows it was handed by the step below it, of two the one with more.
    pub(super) input: f64,
    /// How many blocks it and the steps below it touched.
    pub(super) blocks: f64,
}

impl Statement {
    pub(super) fn parse(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let mut nodes = Vec::new();
        flatten(&value["Plan"], &mut nodes);
        Some(Self { text: value["Query Text"].as_str()?.to_owned(), nodes })
    }

    /// Tells whether it is one that the server keeps on its own: for a foreign key, or in `crm.act_as`.
    fn is_of_the_server(&self) -> bool {
        self.text.contains(" ONLY ") || self.is_of_act_as()
    }

    /// Tells whether it is the one by which an actor is looked up.
    pub(super) fn is_of_act_as(&self) -> bool {
        self.text.contains("'crm_' || u.role")
    }

    /// Goes through the steps that use an index.
    pub(super) fn steps(&self, index: &str) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.index.as_deref() == Some(index))
    }

    /// Returns how many blocks it touched, each counted as often as it was touched.
    pub(super) fn blocks(&self) -> f64 {
        self.nodes.first().map_or(0.0, |whole| whole.blocks)
    }

    /// Lists what a statement that reads up to `budget` rows must not do.
    pub(super) fn offences(&self, budget: u32) -> Vec<String> {
        let budget = f64::from(budget);
        let large = |node: &Node| node.table.as_ref().is_some_and(|table| LARGE.contains(&table.as_str()));
        let offence = |node: &Node| {
            let Node { kind, table, index, rows, input, .. } = node;
            if kind == "Seq Scan" && large(node) {
                return Some(format!("scans {}", table.as_ref()?));
            }
            if kind.ends_with("Sort") && *input > budget {
                return Some(format!("sorts {input} rows"));
            }
            // What a step below looks at counts for itself, but not what comes of bringing together two that are small.
            if (kind == "Nested Loop" || kind.ends_with("Join")) && rows.max(*input) > budget {
                return Some(format!("joins {input} rows to {rows}"));
            }
            let by_index = kind.contains("Index") || (kind == "Bitmap Heap Scan" && large(node));
            (by_index && *rows > budget).then(|| {
                format!(
                    "looks at {rows} rows in {}",
                    index.as_ref().or(table.as_ref()).map_or("?", |name| name)
                )
            })
        };
        self.nodes.iter().filter_map(offence).collect()
    }
}

fn flatten(plan: &Value, nodes: &mut Vec<Node>) {
    let number = |key: &str| plan[key].as_f64().unwrap_or_default();
    let text = |key: &str| plan[key].as_str().map(str::to_owned);
    let loops = number("Actual Loops");
    let removed =
        ["Filter", "Join Filter", "Index Recheck"].map(|by| number(&format!("Rows Removed by {by}")));
    let removed: f64 = removed.iter().sum();
    let below: &[Value] = plan["Plans"].as_array().map_or(&[], Vec::as_slice);
    let passed_on = |plan: &Value| {
        plan["Actual Rows"].as_f64().unwrap_or_default() * plan["Actual Loops"].as_f64().unwrap_or_default()
    };
    nodes.push(Node {
        kind: text("Node Type").unwrap_or_default(),
        table: text("Relation Name"),
        index: text("Index Name"),
        rows: (passed_on(plan) + removed * loops).max(loops),
        input: below.iter().map(passed_on).fold(0.0, f64::max),
        blocks: number("Shared Hit Blocks") + number("Shared Read Blocks"),
    });
    for plan in below {
        flatten(plan, nodes);
    }
}

/// Collects the plans that come to this thread, on which a test's runtime and so all its connections run.
#[derive(Clone, Debug, Default)]
struct Notices {
    statements: Arc<Mutex<Vec<Statement>>>,
    operations: Arc<Mutex<BTreeSet<Operation>>>,
}

/// Is an operation of the library, as its span names it, and of which entity, where it is the same for all of them.
pub(super) type Operation = (&'static str, Option<String>);

const TARGET: &str = "sqlx::postgres::notice";

fn is_kept(metadata: &Metadata<'_>) -> bool {
    metadata.target() == TARGET || (metadata.is_span() && metadata.name().starts_with("crm."))
}

impl<S: Subscriber> Layer<S> for Notices {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_kept(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_kept(metadata)
    }

    /// Keeps what the test itself has called, and not what an operation does by way of another.
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, context: Context<'_, S>) {
        if context.current_span().id().is_none() {
            let mut entity = Text::of("entity");
            attributes.record(&mut entity);
            self.operations.lock().unwrap().insert((attributes.metadata().name(), entity.value));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Text::of("message");
        event.record(&mut message);
        let plan = message.value.as_deref().and_then(|text| text.split_once("plan:\n"));
        self.statements.lock().unwrap().extend(plan.and_then(|(_, json)| Statement::parse(json)));
    }
}

/// Reads one field.
struct Text {
    field: &'static str,
    value: Option<String>,
}

impl Text {
    const fn of(field: &'static str) -> Self {
        Self { field, value: None }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.field {
            self.value = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Runs calls of the library and returns the statements behind them.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) crm: Crm,
    pub(super) mode: Mode,
    pool: PgPool,
    notices: Notices,
    _guard: DefaultGuard,
}

impl Capture {
    pub(super) async fn start(url: &str, mode: Mode) -> Self {
        let notices = Notices::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(notices.clone()));
        let pool = mode.connect(url).await;
        Self { crm: Crm::from_pool_prepared(pool.clone()), mode, pool, notices, _guard: guard }
    }

    /// Returns a handle that has not asked for the schema yet.
    pub(super) fn new_handle(&self) -> Crm {
        Crm::from_pool_prepared(self.pool.clone())
    }

    /// Returns the operations called since the last time.
    pub(super) fn operations(&self) -> BTreeSet<Operation> {
        std::mem::take(&mut *self.notices.operations.lock().unwrap())
    }

    /// Runs a call to its end and returns the statements that have a plan of this kind, but for the first call's questions
    /// about the schema and the driver's own.
    pub(super) async fn of<T>(&self, call: impl Future<Output = T>) -> (T, Vec<Statement>) {
        let (result, mut statements) = self.all_of(call).await;
        statements.retain(|statement| !CHECKS.iter().any(|table| statement.text.contains(table)));
        (result, statements)
    }

    /// Does the same with all statements: the server keeps a plan for any values only where the statement has a name, or is
    /// its own.
    pub(super) async fn all_of<T>(&self, call: impl Future<Output = T>) -> (T, Vec<Statement>) {
        let take = || std::mem::take(&mut *self.notices.statements.lock().unwrap());
        take();
        self.operations();
        let result = call.await;
        // What the server says to an end that nobody waits for is heard when the connection is given back.
        drop(self.pool.acquire().await);
        let mut statements = take();
        assert!(!statements.is_empty(), "no plan was captured");
        if self.mode == Mode::Generic {
            let named = sqlx::query_scalar("select statement from pg_prepared_statements");
            let named: Vec<String> = named.persistent(false).fetch_all(&self.pool).await.unwrap();
            statements.retain(|statement| named.contains(&statement.text) || statement.is_of_the_server());
        }
        (result, statements)
    }
}

/// Are the tables that the library and the driver ask about themselves.
pub(super) const CHECKS: [&str; 3] = ["crm._migrations", "pg_shdepend", "pg_catalog.pg_type"];
