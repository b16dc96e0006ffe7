//! What crosses the border each way: an array of numbers and one text, which `ts/wire.ts` writes and reads on its side.
//!
//! Values of JavaScript's are thousands of calls into its engine when taken apart one by one; these are two calls, whatever
//! the number of rows. Texts stand in the one text one after the other, and their lengths, in UTF-16 units, among the numbers.

use std::sync::Arc;

use crm_postgres::chrono::{DateTime, NaiveDate, Utc};
use crm_postgres::rust_decimal::Decimal;

/// Is a value as JavaScript gave it.
pub(crate) enum Given {
    /// `null`, or `undefined` where it stands for itself.
    Null,
    Bool(bool),
    Number(f64),
    /// None when a surrogate stands alone in it, which is no character.
    Text(Option<String>),
    /// The milliseconds of a `Date`; not a number when it is invalid.
    Moment(f64),
    List(Vec<Given>),
    /// The properties that are not `undefined`.
    Object(Vec<(Arc<Key>, Given)>),
    /// Something else, by the name of its type.
    Other(String),
}

/// Is the name of a property.
pub(crate) struct Key {
    /// As JavaScript has it: `customerId`.
    pub(crate) given: String,
    /// As the library has it: `customer_id`; empty when it is none that could be meant.
    pub(crate) name: String,
}

impl Key {
    fn new(given: String) -> Self {
        let mut name = String::with_capacity(given.len() + 2);
        for character in given.chars() {
            if character.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(character.to_ascii_lowercase());
        }
        if camel(&name) != given {
            name.clear();
        }
        Self { given, name }
    }
}

/// Spells a field as JavaScript does: `[50].customer_id` becomes `[50].customerId`.
pub(crate) fn camel(name: &str) -> String {
    let mut spelt = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        match character {
            '_' => upper = true,
            _ if upper => {
                spelt.push(character.to_ascii_uppercase());
                upper = false;
            }
            _ => spelt.push(character),
        }
    }
    spelt
}

/// Names the kinds of values, in the order of `KIND` in `ts/wire.ts`.
const NULL: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const MOMENT: u8 = 5;
const LIST: u8 = 6;
const OBJECT: u8 = 7;

/// Reads the values of a call, one after the other.
pub(crate) struct Reader<'a> {
    numbers: std::slice::Iter<'a, f64>,
    text: &'a [u16],
    keys: Vec<Arc<Key>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(numbers: &'a [f64], text: &'a [u16]) -> Self {
        Self { numbers: numbers.iter(), text, keys: Vec::new() }
    }

    /// Returns the next value; `null` after the last one.
    pub(crate) fn value(&mut self) -> Given {
        match self.small() {
            NULL => Given::Null,
            TRUE => Given::Bool(true),
            FALSE => Given::Bool(false),
            NUMBER => Given::Number(self.number()),
            TEXT => Given::Text(self.text()),
            MOMENT => Given::Moment(self.number()),
            LIST => Given::List((0..self.count()).map(|_| self.value()).collect()),
            OBJECT => Given::Object((0..self.count()).map(|_| (self.key(), self.value())).collect()),
            _ => Given::Other(self.text().unwrap_or_default()),
        }
    }

    fn number(&mut self) -> f64 {
        self.numbers.next().copied().unwrap_or_default()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "our own side wrote it")]
    fn small(&mut self) -> u8 {
        self.number() as u8
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "our own side wrote it")]
    fn index(&mut self) -> usize {
        self.number() as usize
    }

    /// Reads how many values follow, each of at least one number.
    fn count(&mut self) -> usize {
        self.index().min(self.numbers.len())
    }

    fn units(&mut self) -> &'a [u16] {
        let length = self.index().min(self.text.len());
        let (text, rest) = self.text.split_at(length);
        self.text = rest;
        text
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf16(self.units()).ok()
    }

    /// Reads a property's name, which is spelt out only the first time.
    fn key(&mut self) -> Arc<Key> {
        let index = self.index();
        if let Some(key) = self.keys.get(index) {
            return key.clone();
        }
        let key = Arc::new(Key::new(String::from_utf16_lossy(self.units())));
        self.keys.push(key.clone());
        key
    }
}

/// Is the largest whole number of which JavaScript is certain, 2⁵³ - 1.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// Collects what goes out.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) numbers: Vec<f64>,
    pub(crate) text: String,
    /// Whether a whole number was written that JavaScript does not have.
    pub(crate) lossy: bool,
}

/// Is what may go out.
pub(crate) trait Wire: Send + 'static {
    /// Writes it, in the order in which the decoders of `ts` read it.
    fn put(self, out: &mut Out);
}

impl Out {
    pub(crate) fn append(&mut self, other: &Self) {
        self.numbers.extend_from_slice(&other.numbers);
        self.text.push_str(&other.text);
        self.lossy |= other.lossy;
    }

    /// Writes a whole number.
    #[expect(clippy::cast_precision_loss, reason = "what is lost is noted")]
    pub(crate) fn whole(&mut self, number: i64) {
        self.lossy |= number.unsigned_abs() > MAX_SAFE;
        self.numbers.push(number as f64);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.whole(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn maybe_whole(&mut self, number: Option<impl Into<i64>>) {
        match number {
            Some(number) => self.whole(number.into()),
            None => self.numbers.push(f64::NAN),
        }
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.whole(flag.into());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(if text.is_ascii() { text.len() } else { text.encode_utf16().count() });
        self.text.push_str(text);
    }

    pub(crate) fn maybe_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.whole(-1),
        }
    }

    pub(crate) fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    pub(crate) fn moment(&mut self, moment: DateTime<Utc>) {
        self.whole(moment.timestamp_millis());
    }

    pub(crate) fn maybe_moment(&mut self, moment: Option<DateTime<Utc>>) {
        self.maybe_whole(moment.map(|moment| moment.timestamp_millis()));
    }

    pub(crate) fn maybe_day(&mut self, day: Option<NaiveDate>) {
        self.maybe_text(day.map(|day| day.format("%Y-%m-%d").to_string()).as_deref());
    }

    pub(crate) fn money(&mut self, amount: Decimal) {
        self.text(&format!("{amount:.2}"));
    }

    pub(crate) fn maybe_money(&mut self, amount: Option<Decimal>) {
        match amount {
            Some(amount) => self.money(amount),
            None => self.maybe_text(None),
        }
    }

    /// Writes an enum's value as its place among all of them.
    pub(crate) fn label<L: PartialEq>(&mut self, all: &[L], label: &L) {
        self.count(all.iter().position(|one| one == label).unwrap_or(all.len()));
    }
}

impl Wire for () {
    fn put(self, _: &mut Out) {}
}

impl Wire for i64 {
    fn put(self, out: &mut Out) {
        out.whole(self);
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(self, out: &mut Out) {
        out.flag(self.is_some());
        if let Some(value) = self {
            value.put(out);
        }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(self, out: &mut Out) {
        out.count(self.len());
        for item in self {
            item.put(out);
        }
    }
}
